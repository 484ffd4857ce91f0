"""The dials: what is refused, and that each is read back from the documents as it was asked."""

from collections import Counter
from math import sqrt

import pytest
from pydantic import ValidationError

from pipeline.tasks.world.corpus import documents
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.families import TRAINED

DIALS = {
    "num_documents": "4k",
    "families": TRAINED[:4],
    "templates": 2,
    "depths": {1: 2.0, 2: 1.0, 4: 1.0},
    "styles": {"verbose": 0.4, "terse": 0.2, "skipped": 0.15, "answer_only": 0.25},
    "corrupted_steps": 0.06,
    "wrong_answers": 0.1,
}
COUNT = 4000


@pytest.fixture(scope="module")
def written():
    return list(documents(Reasoning(**DIALS), study_key="dials", stream="ldq", split="train", count=COUNT))


def near(count, total, share, sigmas=4):
    """Whether a count lies within so many standard deviations of a binomial's mean."""
    return abs(count - total * share) <= sigmas * sqrt(total * share * (1 - share))


def test_counts_are_written_as_people_write_them():
    assert Reasoning(**DIALS).num_documents == 4000
    assert BaseText(num_documents="1.5k").num_documents == 1500


def test_families_and_templates_are_equally_often_and_no_others(written):
    families = Counter(document.family for document in written)
    assert set(families) == set(TRAINED[:4])
    assert all(near(count, COUNT, 1 / 4) for count in families.values())
    assert set(Counter(document.template for document in written)) == {"0", "1"}


def test_depths_come_in_the_asked_weights(written):
    depths = Counter(document.depth for document in written)
    assert set(depths) == {1, 2, 4}
    assert near(depths[1], COUNT, 0.5)
    assert near(depths[2], COUNT, 0.25)


def test_styles_come_in_the_asked_weights_and_read_as_they_are_called(written):
    styles = Counter(document.style for document in written)
    assert all(near(styles[style], COUNT, share) for style, share in DIALS["styles"].items())
    for document in written:
        assert bool(document.reasoning) == (document.style != "answer_only") == (document.num_steps > 0)
        if document.style in ("verbose", "terse"):
            assert document.num_steps == document.depth
        assert document.num_steps <= document.depth


def test_mistakes_come_at_the_asked_rates(written):
    num_steps = sum(document.num_steps for document in written)
    assert near(sum(document.num_corrupted for document in written), num_steps, 0.06)
    assert near(sum(document.is_wrong for document in written), COUNT, 0.1)


def test_without_mistakes_there_are_none():
    dials = Reasoning(**{**DIALS, "corrupted_steps": 0.0, "wrong_answers": 0.0})
    clean = list(documents(dials, study_key="dials", stream="shq", split="train", count=300))
    assert not any(document.num_corrupted or document.is_wrong for document in clean)


def test_the_order_of_the_weights_is_nothing():
    turned = {**DIALS, "depths": {4: 1.0, 2: 1.0, 1: 2.0}}
    streams = [documents(Reasoning(**d), study_key="k", stream="s", split="train", count=50) for d in (DIALS, turned)]
    assert list(streams[0]) == list(streams[1])


def test_quality_changes_the_trace_and_not_the_question(written):
    dials = Reasoning(**{**DIALS, "styles": {"verbose": 1.0}, "corrupted_steps": 0.0, "wrong_answers": 0.0})
    clean = list(documents(dials, study_key="dials", stream="ldq", split="train", count=COUNT))
    assert [document.prompt for document in clean] == [document.prompt for document in written]


def test_base_text_has_its_shares_of_documents():
    dials = BaseText(num_documents=COUNT, lookup_share=0.05)
    kinds = Counter(d.family for d in documents(dials, study_key="dials", stream="base", split="train", count=COUNT))
    shares = {"lookup": 0.05, "echo": 0.2, "recall": 0.25, "description": 0.25, "narrative": 0.25}
    assert set(kinds) == set(shares)
    assert all(near(kinds[kind], COUNT, share) for kind, share in shares.items())


def test_shares_that_fill_everything_leave_no_narratives():
    dials = BaseText(num_documents=1, lookup_share=0.1, echo_share=0.2, recall_share=0.3, description_share=0.4)
    assert dials.narrative_share == 0
    plain = documents(dials, study_key="dials", stream="base", split="train", count=300)
    assert "narrative" not in {document.family for document in plain}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"families": ("tales",)}, "family 'tales' is unknown; the families are chains"),
        ({"families": ("lookup",)}, "family 'lookup' is unknown"),
        ({"families": (TRAINED[0], TRAINED[0])}, "names a family twice"),
        ({"families": ()}, "no family; name some of chains"),
        ({"templates": 4}, "4 templates of 'chains'; ask for 1 to 3"),
        ({"templates": 0}, "0 templates of 'chains'; ask for 1 to 3"),
        ({"depths": {9: 1.0}}, "depth 9 is out of reach of family 'chains'; it has depths 1 to 6"),
        ({"depths": {1: 0.0}}, "are no weights"),
        ({"depths": {1: -1.0, 2: 2.0}}, "are no weights"),
        ({"depths": {}}, "are no weights"),
        ({"styles": {"verbose": float("inf")}}, "are no weights"),
        ({"styles": {"chatty": 1.0}}, "Input should be 'verbose', 'terse', 'skipped' or 'answer_only'"),
        ({"corrupted_steps": 1.5}, "1.5 is no share; give a number from 0 to 1"),
        ({"wrong_answers": -0.1}, "-0.1 is no share"),
        ({"wrong_answers": float("nan")}, "nan is no share"),
        ({"num_documents": "many"}, "'many' is not a count"),
        ({"casts": 0}, "greater than or equal to 1"),
        ({"think_share": 2.0}, "2 is no share"),
        ({"distractors": {9: 1.0}}, "9 distractors; a row has room for 0 to 4"),
        ({"distractors": {0: 0.0}}, "are no weights"),
        ({"shared_share": 0.5}, "shared_share 0.5 needs shared_with"),
    ],
)
def test_a_dial_out_of_range_says_so_in_one_line(change, message):
    with pytest.raises(ValidationError, match=message):
        Reasoning(**{**DIALS, **change})


def test_base_text_shares_above_one_are_refused():
    with pytest.raises(ValidationError, match=r"the shares sum to 1\.1; lower them to at most 1"):
        BaseText(num_documents=1, lookup_share=0.1, echo_share=0.5, recall_share=0.25, description_share=0.25)
    with pytest.raises(ValidationError, match=r"-0\.1 is no share"):
        BaseText(num_documents=1, echo_share=-0.1)
