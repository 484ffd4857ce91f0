"""Dials beyond the first: each turns what it names, is read back as asked, and leaves the others where they were."""

from functools import cache

import pytest
from solvers import SOLVERS

from pipeline.core.chat import render
from pipeline.tasks.world.corpus import documents
from pipeline.tasks.world.dials import Reasoning
from pipeline.tasks.world.families import FAMILIES, TRAINED
from pipeline.tasks.world.readback import asked, measure
from pipeline.tasks.world.split import split_of_hash

COUNT = 700
DIALS = {
    "num_documents": 1,
    "families": TRAINED,
    "templates": 3,
    "depths": {2: 1.0, 3: 1.0},
    "styles": {"verbose": 0.5, "terse": 0.2, "skipped": 0.15, "answer_only": 0.15},
    "corrupted_steps": 0.06,
    "wrong_answers": 0.06,
}
TURNS = {
    "families": ({"families": TRAINED[:4]}, {"families", "family_template_bits"}),
    "templates": ({"templates": 1}, {"templates", "family_template_bits"}),
    "casts": ({"casts": 5}, {"entity_sets"}),
    "depths": ({"depths": {3: 1.0}}, {"depth"}),
    "distractors": ({"distractors": {0: 1.0, 2: 1.0}}, {"distractors"}),
    "styles": ({"styles": {"verbose": 1.0}}, {"verbose", "terse", "skipped", "answer_only"}),
    "corrupted_steps": ({"corrupted_steps": 0.3}, {"corrupted_rate"}),
    "wrong_answers": ({"wrong_answers": 0.3}, {"wrong_rate"}),
    "think_share": ({"think_share": 0.5}, {"think_share"}),
    "instruct_share": ({"instruct_share": 0.2}, {"instruct_share"}),
    "shared_share": ({"shared_with": "other", "shared_share": 0.4}, {"shared_share"}),
}


def dials(change):
    return Reasoning.model_validate({**DIALS, **change})


def drawn(change, stream="one", split="train", count=COUNT):
    return list(documents(dials(change), study_key="k", stream=stream, split=split, count=count))


@cache
def middle():
    return measure(drawn({}), drawn({}, "other"))


def near(found, wanted, key):
    """Shares within 4.5 standard deviations at 700 documents, counts exactly, entropies and means within 6 %."""
    if key in ("families", "templates", "entity_sets"):
        return found == wanted
    return abs(found - wanted) <= (0.1 if key.endswith(("bits", "depth", "distractors")) else 0.085)


@pytest.mark.parametrize("name", TURNS)
def test_a_turned_dial_is_read_back_and_the_others_stay(name):
    change, moved = TURNS[name]
    found, wanted, plain = measure(drawn(change), drawn({}, "other")), asked(dials(change)), asked(dials({}))
    assert {key for key in wanted if wanted[key] != plain.get(key)} == moved
    for key in wanted:
        assert near(found[key], wanted[key], key), key
    for key in plain.keys() - moved:
        assert near(found[key], middle()[key], key), key


def test_shared_documents_are_the_others_word_for_word_and_have_ids_of_their_own():
    ours = drawn({"shared_with": "other", "shared_share": 1.0}, count=40)
    assert [document.prompt for document in ours] == [document.prompt for document in drawn({}, "other", count=40)]
    assert ours[3].id == "one-train-3"


def test_these_dials_move_nothing_that_was_drawn_before_them():
    plain = drawn({}, count=200)
    for change in ({"distractors": {2: 1.0}}, {"think_share": 0.0}, {"casts": 5}):
        turned = drawn(change, count=200)
        assert [(d.family, d.depth, d.style) for d in turned] == [(d.family, d.depth, d.style) for d in plain]


def test_a_trace_in_the_open_stands_before_the_answers_word():
    for one, other in zip(drawn({"think_share": 0.0}, count=60), drawn({}, count=60), strict=True):
        assert one.reasoning == ""
        assert one.answer == (f"{other.reasoning} . {other.answer}" if other.reasoning else other.answer)


def test_distractors_stand_in_front_and_say_a_day_each():
    for one, other in zip(drawn({"distractors": {2: 1.0}}, count=60), drawn({}, count=60), strict=True):
        assert one.prompt.endswith(f" ; {other.prompt}")
        assert len(one.prompt.split()) == len(other.prompt.split()) + 8


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_cast_keeps_every_problem_true_in_its_split_and_of_the_few_names(split):
    for document in drawn({"casts": 2, "wrong_answers": 0.0}, split=split, count=300):
        assert split_of_hash(document.structure) == split
        assert SOLVERS[document.family](document.prompt) == document.answer, document.prompt


def test_the_longest_documents_fit_a_row_of_192_tokens():
    change = {"depths": {6: 1.0}, "distractors": {4: 1.0}, "styles": {"verbose": 1.0}, "think_share": 0.5}
    for document in drawn({**change, "families": tuple(FAMILIES)}, count=500):
        text = render(document).text
        for mark in ("<|user|>", "<|assistant|>", "<think>", "</think>", "<|end|>"):
            text = text.replace(mark, f" {mark} ")
        assert len(text.split()) <= 192
