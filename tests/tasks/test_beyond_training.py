"""What eval asks and no corpus holds: deeper problems, and a template of each family's own; as true as the others."""

import random
import re

import pytest
from pydantic import ValidationError
from solvers import SOLVERS

from pipeline.tasks.suite import Suite, WorldSuite, load_suite
from pipeline.tasks.world.dials import Reasoning
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lexicon import WORDS

ASKED = {"families": ("chains", "isa"), "problems_per_family": 6}


def problems(name, *, depths, templates, count=120):
    family, stream = FAMILIES[name], random.Random(f"beyond {name}")
    return [family.make(stream, depths[i % len(depths)], templates[i % len(templates)]) for i in range(count)]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(("depths", "templates"), [((7, 8), (0, 1, 2)), ((1, 2, 3, 4, 5, 6), (3,))])
def test_a_solver_that_reads_the_prompt_only_finds_the_answer(name, depths, templates):
    words = set(WORDS)
    for problem in problems(name, depths=depths, templates=templates):
        assert SOLVERS[name](problem.prompt) == problem.answer, problem.prompt
        assert len(problem.steps) == problem.depth
        assert set(problem.prompt.split(" ")) <= words
        assert len(problem.prompt.split(" ")) <= 110


@pytest.mark.parametrize("name", FAMILIES)
def test_the_template_of_eval_is_worded_as_none_of_the_others(name):
    """With what varies taken out, its lines or its question are in no other template."""
    family = FAMILIES[name]
    makes = [family.make(random.Random("same"), 3, template).prompt for template in range(4)]
    shapes = [[re.sub(r"\b\w\b", "_", line) for line in re.split(r" ; | : | \? ", prompt)] for prompt in makes]
    assert shapes[3] not in shapes[:3]
    assert makes[3] not in makes[:3]


def test_the_templates_and_depths_that_corpora_know_are_as_they_were():
    stream = random.Random("pinned")
    assert FAMILIES["chains"].make(stream, 2, 0).prompt.count(" ; ") >= 3
    for change in ({"depths": {7: 1.0}}, {"templates": 4}):
        dials = {
            "num_documents": 5,
            "families": ("chains",),
            "templates": 3,
            "depths": {1: 1.0},
            "styles": {"terse": 1.0},
        }
        with pytest.raises(ValidationError, match="chains"):
            Reasoning.model_validate(dials | change)


def test_a_suite_asks_from_its_first_template_on():
    world = WorldSuite(**ASKED, depths=(2, 3), first_template=3, templates=4)
    asked = load_suite(Suite(name="templates", world=world), study_key="test", data_root=None)
    assert {problem.template for problem in asked} == {"3"}
    plain = WorldSuite(**ASKED, depths=(2, 3), templates=3)
    assert "first_template" not in plain.model_dump()
    assert [
        problem.template for problem in load_suite(Suite(name="plain", world=plain), study_key="test", data_root=None)
    ][:6] == ["0", "0", "1", "1", "2", "2"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"depths": (9,)}, "depth 9 is out of reach of family 'chains'; it has depths 1 to 8"),
        ({"templates": 5}, "ask for 1 to 4"),
        ({"first_template": 3}, "first_template 3 leaves none of 3 templates"),
    ],
)
def test_what_no_family_has_is_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        WorldSuite(**ASKED | {"depths": (2,), "templates": 3} | change)
