"""Texts that earlier texts hold, wherever any of them is cut: other editions, volumes, chapters, parts.

A text goes if one earlier text holds the share of its n-grams that is too much, or if several do together that are
themselves in it: a novel after its chapters. (Common phrases do not add up: the texts that they are from are not in
it.) What stays is looked at piece by piece, for a text that holds a part of another.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from pipeline.curate.config import Overlap
from pipeline.curate.known import Known
from pipeline.curate.steps import Reason


def find_overlaps(known: Known, overlap: Overlap, dropped: dict[int, Reason]) -> Iterator[tuple[int, Reason]]:
    """Index of each document that goes, and why. dropped: those that went for other reasons."""
    values, ends = known.samples
    earlier = _Earlier(overlap)
    for text, indices in _texts(known):
        grams = {index: values[ends[index] : ends[index + 1]] for index in indices if index not in dropped}
        if not grams:
            continue
        verdict = earlier.holder(_all(list(grams.values())))
        own = {index: verdict or earlier.holder(found) for index, found in grams.items()}
        yield from ((index, Reason("overlap", why)) for index, why in own.items() if why)
        # What goes holds nothing for later texts: they would lose what is then nowhere.
        earlier.add(text, _all([found for index, found in grams.items() if not own[index]]))


class _Earlier:
    """The sampled n-grams of the texts so far: which text has each first, and how many each has."""

    def __init__(self, overlap: Overlap) -> None:
        self._overlap = overlap
        self._first: dict[int, str] = {}
        self._sizes: Counter[str] = Counter()

    def add(self, text: str, grams: np.ndarray) -> None:
        for gram in grams.tolist():
            if self._first.setdefault(gram, text) is text:
                self._sizes[text] += 1

    def holder(self, grams: np.ndarray) -> str:
        """Which earlier text, or texts, hold too much of these n-grams; empty where none do."""
        least, total = self._overlap.share, len(grams)
        if total < self._overlap.min_samples:
            return ""
        held = Counter(text for gram in grams.tolist() if (text := self._first.get(gram)) is not None)
        if not held:
            return ""
        text, count = max(held.items(), key=lambda item: (item[1], item[0]))
        if count >= least * total:
            return f"{text} holds {count / total:.0%} of its {self._overlap.ngram}-grams"
        inside = {name: n for name, n in held.items() if self._is_inside(name, n)}
        if (count := sum(inside.values())) < least * total:
            return ""
        return f"{len(inside)} texts such as {text} hold {count / total:.0%} of its {self._overlap.ngram}-grams"

    def _is_inside(self, text: str, count: int) -> bool:
        """Whether so many n-grams are the share of that text's own."""
        return count >= self._overlap.share * self._sizes[text] and self._sizes[text] >= self._overlap.min_samples


def _all(grams: Sequence[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *grams]))


def _texts(known: Known) -> Iterator[tuple[str, list[int]]]:
    """Each text with the documents that it is cut into; a document that is whole is a text of its own."""
    wholes, ids = known.table["whole"].to_pylist(), known.table["id"].to_pylist()

    def text(index: int) -> tuple[str, Any]:
        origin = index < known.num_before
        return (wholes[index], origin) if wholes[index] else (ids[index], index)

    for (name, _), indices in groupby(range(len(ids)), text):
        yield name, list(indices)
