"""The published table of families and primitives is the code's, and every primitive is taught more than once."""

from pathlib import Path

import pytest

from pipeline.tasks.world.families import FAMILIES, HELD_OUT, TRAINED
from pipeline.tasks.world.family import DOMAINS
from pipeline.tasks.world.incidence import PRIMITIVES, incidence_table, teachers

PAGE = Path(__file__).parents[2] / "docs" / "world.md"


def test_the_page_shows_the_table_of_the_code():
    assert incidence_table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_every_primitive_is_in_two_trained_families_of_two_domains(primitive):
    holders = [name for name in TRAINED if primitive in FAMILIES[name].primitives]
    assert len(holders) >= 2
    assert len({FAMILIES[name].domain for name in holders}) >= 2


def test_each_domain_holds_out_one_family_whose_primitives_are_trained():
    assert sorted(FAMILIES[name].domain for name in HELD_OUT) == sorted(DOMAINS)
    for name in HELD_OUT:
        trained = {primitive for other in TRAINED for primitive in FAMILIES[other].primitives}
        assert set(FAMILIES[name].primitives) <= trained


def test_the_nearest_family_shares_primitives():
    assert teachers("containment") == ("isa",)
    assert teachers("pour") == ("undo",)
    assert teachers("pointers") == ("isa",)
