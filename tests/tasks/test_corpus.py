"""Corpora of the world: any document alone, no two study keys alike, nothing outside its split, pinned bytes."""

import hashlib
from dataclasses import astuple

import pytest

from pipeline.core.seeds import rng
from pipeline.tasks.world.check import check_trace
from pipeline.tasks.world.corpus import documents, draw_problem
from pipeline.tasks.world.dials import VERSION, BaseText, Reasoning
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lexicon import WORDS
from pipeline.tasks.world.split import split_of_hash

BASE = BaseText(num_documents=100, lookup_share=0.1)
LDQ = Reasoning(
    num_documents=100,
    families=tuple(FAMILIES),
    templates=3,
    depths=dict.fromkeys(range(1, 7), 1.0),
    styles={"verbose": 0.4, "terse": 0.2, "skipped": 0.15, "answer_only": 0.25},
    corrupted_steps=0.1,
    wrong_answers=0.1,
)
BOTH = pytest.mark.parametrize("dials", [BASE, LDQ], ids=["base", "reasoning"])


def drawn(dials, count, key="study/seed0", stream="c", split="train", start=0):
    return list(documents(dials, study_key=key, stream=stream, split=split, count=count, start=start))


@BOTH
def test_document_7_alone_is_document_7_of_the_stream(dials):
    stream = drawn(dials, 20)
    assert drawn(dials, 1, start=7) == [stream[7]]
    assert drawn(dials, 20) == stream
    assert [document.id for document in stream[:2]] == ["c-train-0", "c-train-1"]
    assert {document.source for document in stream} == {"c"}


OTHERS = [{"key": "study/seed1"}, {"stream": "d"}, {"split": "test"}, {"start": 400}]


@BOTH
@pytest.mark.parametrize("other", OTHERS, ids=["key", "stream", "split", "start"])
def test_neighbouring_streams_share_no_document(dials, other):
    ours = {(document.text, document.prompt) for document in drawn(dials, 400)}
    theirs = {(document.text, document.prompt) for document in drawn(dials, 400, **other)}
    assert not ours & theirs


@BOTH
def test_every_word_is_in_the_lexicon(dials):
    words = set(WORDS)
    for document in drawn(dials, 1500):
        for part in (document.text, document.prompt, document.reasoning, document.answer):
            assert set(part.split(" ")) - {""} <= words
            assert part == part.strip()


@BOTH
@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_no_structure_lies_outside_its_split(dials, split):
    questions = [document for document in drawn(dials, 600, split=split) if document.is_question]
    assert questions
    assert {split_of_hash(document.structure) for document in questions} == {split}


def test_base_text_holds_plain_text_and_lookups_and_nothing_else():
    for document in drawn(BASE, 500):
        assert bool(document.text) != document.is_question
        assert document.reasoning == ""
        assert (document.depth, document.num_steps) == (0, 0)
        if document.is_question:
            assert (document.family, document.domain, document.style) == ("lookup", "general", "answer_only")
            assert document.answer in document.prompt.split(" ")


def test_what_a_document_says_of_its_mistakes_is_true():
    for document in drawn(LDQ, 400):
        problem = problem_of(document)
        found = check_trace(problem, document.reasoning)
        assert found.num_steps == document.num_steps
        assert found.num_steps - found.num_right == document.num_corrupted
        assert (document.answer != problem.answer) == document.is_wrong
        assert document.answer in problem.choices


def problem_of(document):
    """The document's problem, drawn again as `documents` draws it."""
    source, split, index = document.id.split("-")
    stream = rng("study/seed0", "documents", source, split, int(index))
    for _ in range(4):
        stream.random()  # family, template, depth, style
    return draw_problem(document.family, stream, document.depth, int(document.template), split)


def test_the_first_documents_are_pinned_with_the_version():
    """Where this fails, what a seed means has changed: raise dials.VERSION and pin anew."""
    text = repr([astuple(document) for dials in (BASE, LDQ) for document in drawn(dials, 200)])
    assert (VERSION, hashlib.blake2b(text.encode(), digest_size=8).hexdigest()) == (6, "cd150baa8a0e792c")
