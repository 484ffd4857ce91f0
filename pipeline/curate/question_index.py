"""What documents are held against: eval questions word for word, their n-grams, and their short runs of words.

datatrove's own indexer (0.10.1) needs lighteval even where the questions are given, and its filter costs more a
document than all the rest together. The long n-grams follow its scheme: of the question, and of the question's end with
the answer's beginning.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.curate.questions import Question, questions_of
from pipeline.curate.words import number_blind, shingles
from pipeline.tasks.score import TaskProblem

RUN = 5  # words of a short run
_COMMON = 10  # questions: what more of them share is a benchmark's wording
_SLOTS = 8  # a hash
_LEAST_RUNS = 12  # of a question with fewer, most of them are a common phrase


class Hashes:
    """Sorted hashes, each with the number of what it is of; a hash may come several times."""

    def __init__(self, hashes: np.ndarray, owners: np.ndarray) -> None:
        """hashes: uint64 (N,), sorted. owners: int32 (N,)."""
        self._hashes, self._owners = hashes, owners
        size = 1 << (_SLOTS * max(len(hashes), 1)).bit_length()
        self._mask = np.uint64(size - 1)
        self._is_taken = np.zeros(size, np.bool_)  # most of what is asked is not there, and one look says so
        self._is_taken[hashes & self._mask] = True

    def places(self, asked: np.ndarray) -> np.ndarray:
        """Where hashes stand that are among these: int64."""
        if not len(self._hashes):
            return np.zeros(0, np.int64)
        places = np.flatnonzero(self._is_taken[asked & self._mask])
        nearest = np.minimum(np.searchsorted(self._hashes, asked[places]), len(self._hashes) - 1)
        return places[self._hashes[nearest] == asked[places]]

    def owners(self, asked: int) -> list[int]:
        """What a hash is of."""
        first, end = (int(np.searchsorted(self._hashes, np.uint64(asked), side=side)) for side in ("left", "right"))
        return self._owners[first:end].tolist()


@dataclass(frozen=True, slots=True)
class Index:
    """What a document is held against; questions and runs of words by their numbers."""

    names: list[str]  # of each question
    wholes: dict[tuple[str, ...], int]  # words -> question
    grams: Hashes  # -> question
    runs: Hashes  # -> passage
    passages: np.ndarray  # int32 (P, 2): question, how many short runs it has


def write_index(folder: Path, suites: Mapping[str, Sequence[TaskProblem]], ngram: int) -> dict[str, Any]:
    """Write the index of all questions; returns what the corpus's card says of it."""
    questions = list(questions_of(suites))
    wholes: dict[tuple[str, ...], int] = {}
    for number, question in enumerate(questions):
        for form in question.forms:
            wholes.setdefault(form, number)
    grams = _told([_grams(question, ngram) for question in questions])
    owners = [number for number, question in enumerate(questions) for _ in question.own]
    runs = _told([_hashes(number_blind(list(own)), RUN) for question in questions for own in question.own])
    runs = [found if len(found) >= _LEAST_RUNS else set() for found in runs]
    _write(folder / "names", name=[question.name for question in questions])
    _write(folder / "wholes", words=[" ".join(words) for words in wholes], question=list(wholes.values()))
    _write_hashes(folder / "grams", grams)
    _write_hashes(folder / "runs", runs)
    _write(folder / "passages", question=owners, size=[len(found) for found in runs])
    return {
        "eval_questions": {suite: len(problems) for suite, problems in suites.items()},
        "ngram": ngram,
        "ngrams": len(set[int]().union(*grams)),
        "whole_questions": len(wholes),
    }


def read_index(folder: Path) -> Index:
    """The index as `write_index` left it."""
    wholes, passages = pq.read_table(folder / "wholes"), pq.read_table(folder / "passages")
    words = (tuple(text.split(" ")) for text in wholes["words"].to_pylist())
    return Index(
        pq.read_table(folder / "names")["name"].to_pylist(),
        dict(zip(words, wholes["question"].to_pylist(), strict=True)),
        _read_hashes(folder / "grams"),
        _read_hashes(folder / "runs"),
        np.stack([passages[name].to_numpy() for name in ("question", "size")], axis=1).astype(np.int32),
    )


def _grams(question: Question, ngram: int) -> set[int]:
    asked, answer = number_blind(list(question.forms[0])), number_blind(list(question.answer))
    return _hashes(asked, ngram) | _hashes([*asked[-(ngram - 1) :], *answer[: ngram - 1]], ngram)


def _hashes(words: list[str], size: int) -> set[int]:
    """Hashes of runs of words of which at least half are distinct: `0 0 0 0` is arithmetic, not a question."""
    hashes = shingles(words, size)
    if not len(hashes):
        return set()
    last: dict[str, int] = {}
    before = np.array([_swapped(last, word, at) for at, word in enumerate(words)])
    repeats = (np.lib.stride_tricks.sliding_window_view(before, size) >= np.arange(len(hashes))[:, None]).sum(axis=1)
    return set(hashes[2 * (size - repeats) >= size].tolist())


def _swapped(last: dict[str, int], word: str, at: int) -> int:
    """Where the word stood before; now it stands here."""
    before = last.get(word, -1)
    last[word] = at
    return before


def _told(found: Sequence[set[int]]) -> list[set[int]]:
    """Without the hashes that many have."""
    shared = Counter(hash_ for each in found for hash_ in each)
    return [{hash_ for hash_ in each if shared[hash_] <= _COMMON} for each in found]


def _write_hashes(path: Path, found: Iterable[set[int]]) -> None:
    pairs = sorted((hash_, number) for number, each in enumerate(found) for hash_ in each)
    _write(path, hash=pa.array([hash_ for hash_, _ in pairs], pa.uint64()), owner=[number for _, number in pairs])


def _read_hashes(path: Path) -> Hashes:
    table = pq.read_table(path)
    return Hashes(table["hash"].to_numpy(), table["owner"].to_numpy().astype(np.int32))


def _write(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table({name: _typed(name, values) for name, values in columns.items()}), path)


def _typed(name: str, values: Any) -> Any:
    if isinstance(values, pa.Array):
        return values
    return pa.array(values, pa.string() if name in ("name", "words") else pa.int32())
