"""Eval questions as they could stand in a corpus: whole, without their labels, without their choices; and n-grams.

datatrove's own indexer (0.10.1) needs lighteval even where the questions are given, and its filter costs more a
document than all the rest together; what is indexed here follows its scheme: n-grams of the question, and of the
question's end with the answer's beginning.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.curate.words import number_blind_words, plain_words, shingles
from pipeline.tasks.score import TaskProblem

QUOTED_WORDS = (
    8  # from so many words on, a question is found wherever it stands; a shorter one only as a sentence or line
)
_COMMON = 10  # questions of one suite: an n-gram that more of them share is the suite's wording, not a question
_LABEL = re.compile(r"^\s*(question|q|problem|input|instruction|user)\s*[:.]\s*", re.IGNORECASE)
_ASKS = re.compile(r"\s*(answer|a|output|solution|assistant)\s*:?\s*$", re.IGNORECASE)
_CHOICES = re.compile(r"^\s*(options?\s*:|answer choices\s*:|\(?[A-J][).:])\s*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Index:
    """What a document is held against; it leads to the question's name."""

    grams: np.ndarray  # uint64 (N,), sorted: hashes of n-grams
    names: list[str]  # of the question that each n-gram is of
    wholes: dict[tuple[str, ...], str]  # words of a whole question


def write_index(folder: Path, suites: Mapping[str, Sequence[TaskProblem]], ngram: int) -> dict[str, Any]:
    """Write the index of all questions; returns what the corpus's card says of it."""
    wholes: dict[tuple[str, ...], str] = {}
    grams: dict[int, str] = {}
    for suite, problems in suites.items():
        for words, name in _wholes(suite, problems):
            wholes.setdefault(words, name)
        for gram, name in _grams(suite, problems, ngram):
            grams.setdefault(gram, name)
    ordered = sorted(grams.items())
    hashes, names = [gram for gram, _ in ordered], [name for _, name in ordered]
    pq.write_table(
        pa.table({"hash": pa.array(hashes, pa.uint64()), "name": pa.array(names, pa.string())}), folder / "grams"
    )
    words = pa.array([" ".join(words) for words in wholes], pa.string())
    pq.write_table(pa.table({"words": words, "name": pa.array(list(wholes.values()), pa.string())}), folder / "wholes")
    return {
        "eval_questions": {suite: len(problems) for suite, problems in suites.items()},
        "ngram": ngram,
        "ngrams": len(grams),
        "whole_questions": len(wholes),
    }


def read_index(folder: Path) -> Index:
    """The index as `write_index` left it."""
    grams, wholes = pq.read_table(folder / "grams"), pq.read_table(folder / "wholes")
    words = (tuple(text.split(" ")) for text in wholes["words"].to_pylist())
    names = dict(zip(words, wholes["name"].to_pylist(), strict=True))
    return Index(grams["hash"].to_numpy(), grams["name"].to_pylist(), names)


def _wholes(suite: str, problems: Sequence[TaskProblem]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each question's forms; a form without its choices counts only where no other question has the same."""
    forms = [(problem, [tuple(plain_words(form)) for form in question_forms(problem.prompt)]) for problem in problems]
    shared = Counter(words for _, found in forms for words in set(found))
    for problem, (first, *others) in forms:
        for words in dict.fromkeys((first, *(words for words in others if shared[words] == 1))):
            if words:
                yield words, f"{suite}: {problem.id}"


def question_forms(prompt: str) -> list[str]:
    """The prompt whole; without the labels around it; and without the choices that follow."""
    bare = _ASKS.sub("", _LABEL.sub("", prompt))
    choices = _CHOICES.search(bare)
    return [prompt, bare, bare[: choices.start()] if choices else bare]


def _grams(suite: str, problems: Sequence[TaskProblem], ngram: int) -> Iterator[tuple[int, str]]:
    """N-grams of questions, and of questions with their answers, less the wording that many questions share."""
    found = [(problem, _runs(problem, ngram)) for problem in problems]
    shared = Counter(run for _, runs in found for run in runs)
    for problem, runs in found:
        for run in runs:
            if shared[run] <= _COMMON:
                yield run, f"{suite}: {problem.id}"


def _runs(problem: TaskProblem, ngram: int) -> set[int]:
    """Hashes of runs of words of which at least half are distinct: `0 0 0 0` is arithmetic, not a question."""
    question, answer = number_blind_words(problem.prompt), number_blind_words(problem.answer)
    hashes: set[int] = set()
    for words in (question, question[-(ngram - 1) :] + answer[: ngram - 1]):
        for at, run in enumerate(shingles(words, ngram).tolist()):
            if 2 * len(set(words[at : at + ngram])) >= ngram:
                hashes.add(run)
    return hashes
