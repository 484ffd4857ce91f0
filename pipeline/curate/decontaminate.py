"""Documents that hold an eval question, found by n-grams and by whole questions.

A document is contaminated where it has `ngram` words in a row with an eval question, or with the question's end and its
answer's beginning (case, punctuation and numbers normalised, so that a question with other numbers counts too);
and where it holds a whole question word for word: anywhere, if that has eight words or more, as a line or a sentence
if it is shorter, and as a prompt however short it is. The n-gram, or the question, is kept as evidence.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import regex

from pipeline.core.document import Document
from pipeline.curate.questions import QUOTED_WORDS, Index, read_index, write_index
from pipeline.curate.steps import Reason, parts
from pipeline.curate.words import number_blind_words, plain_words, shingles
from pipeline.tasks.score import TaskProblem

_KEY_WORDS = 3  # a whole question is looked up by its first words
_Found = tuple[tuple[str, ...], str]
_SENTENCE = regex.compile(r"[\n.?!:;\"“”()]+")
_LEAST_WORDS = 4  # a shorter question is one only where it is a document's whole prompt
_SHOWN = 200  # characters of evidence


def index_questions(folder: Path, suites: Mapping[str, Sequence[TaskProblem]], ngram: int) -> dict[str, Any]:
    """Write the index that a `Decontaminator` reads; returns what a corpus's card says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_index(folder, suites, ngram)


class Decontaminator:
    """A filter against all questions of the suites. It reads its index when first asked, in any process."""

    def __init__(self, folder: Path, ngram: int) -> None:
        """folder: where `index_questions` wrote."""
        self._folder, self._ngram = folder, ngram
        self._held: _Held | None = None

    def __call__(self, document: Document) -> Reason | None:
        """Drop a contaminated document; the evidence names the question and what is shared."""
        if self._held is None:
            self._held = _Held(read_index(self._folder), self._ngram)
        return self._held.complaint(document)

    def __getstate__(self) -> dict[str, Any]:
        """Without the index: a process of its own reads it."""
        return {**self.__dict__, "_held": None}


class _Held:
    """The index in memory."""

    def __init__(self, index: Index, ngram: int) -> None:
        self._grams, self._names, self._ngram = index.grams, index.names, ngram
        self._wholes = index.wholes
        self._has_short = any(_LEAST_WORDS <= len(whole) < QUOTED_WORDS for whole in index.wholes)
        self._long: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = {}
        for whole, name in index.wholes.items():
            if len(whole) >= QUOTED_WORDS:
                self._long.setdefault(whole[:_KEY_WORDS], []).append((whole, name))

    def complaint(self, document: Document) -> Reason | None:
        text = "\n".join(parts(document))
        asked = self._wholes.get(tuple(plain_words(document.prompt))) if document.prompt else None
        if asked is not None:
            return Reason("contaminated", f"{asked}: the whole question")
        if found := self._quoted(plain_words(text)) or (self._said(text) if self._has_short else None):
            return Reason("contaminated", f"{found[1]}: the whole question: {' '.join(found[0])[:_SHOWN]}")
        return self._shared(number_blind_words(text))

    def _shared(self, words: list[str]) -> Reason | None:
        """The first n-gram that a question has too."""
        hashes = shingles(words, self._ngram)
        if not len(hashes) or not len(self._grams):
            return None
        places = np.minimum(np.searchsorted(self._grams, hashes), len(self._grams) - 1)
        hits = np.flatnonzero(self._grams[places] == hashes)
        if not len(hits):
            return None
        at = int(hits[0])
        shared = " ".join(words[at : at + self._ngram])
        return Reason("contaminated", f"{self._names[places[at]]}: {shared}")

    def _quoted(self, words: list[str]) -> _Found | None:
        """A question of eight words or more, anywhere."""
        for at, key in enumerate(zip(words, words[1:], words[2:], strict=False)):
            for whole, name in self._long.get(key, ()):
                if tuple(words[at : at + len(whole)]) == whole:
                    return whole, name
        return None

    def _said(self, text: str) -> _Found | None:
        """A shorter question, as a line, a sentence or some sentences in a row."""
        for words in _short_parts(text):
            if (name := self._wholes.get(words)) is not None:
                return words, name
        return None


def _short_parts(text: str) -> Iterator[tuple[str, ...]]:
    """Lines, sentences and sentences in a row of four to seven words."""
    for line in text.split("\n"):
        sentences = [plain_words(part) for part in _SENTENCE.split(line) if part.strip()]
        for first in range(len(sentences)):
            words: tuple[str, ...] = ()
            for sentence in sentences[first:]:
                words = (*words, *sentence)
                if len(words) >= QUOTED_WORDS:
                    break
                if len(words) >= _LEAST_WORDS:
                    yield words
