"""What an encoded corpus holds of a mix's unit: counted document by document, some at a time.

Memory does not grow with the corpus: indices and loss masks are read in parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from pipeline.core.plan import LossRule, Unit
from pipeline.core.seeds import permute
from pipeline.core.shard import Shard

_DOCUMENTS_AT_ONCE = 1 << 16
_TOKENS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a corpus, or a part of one, gives in one pass."""

    num_documents: int
    num_tokens: int
    num_units: int  # of the mix's unit
    variation: float = 1.0  # of the unit over documents: standard deviation over mean; 1 where it is less

    @property
    def unit_per_document(self) -> float:
        """The mean."""
        return self.num_units / self.num_documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How a mix counts: its unit, which tokens carry loss, tokens a row (a row that cuts a document costs a target)."""

    unit: Unit
    loss: LossRule
    sequence_length: int

    def units(self, shard: Shard, documents: np.ndarray) -> np.ndarray:
        """What each document gives. documents: int64 (N,). Returns int64 (N,)."""
        starts, ends = shard.spans(documents)
        if self.unit == "tokens":
            return ends - starts
        if self.loss == "all":
            return ends - starts - self._num_pieces(starts, ends)
        counts = [self._answers(shard, *part) for part in _in_parts(starts, ends)]
        return np.concatenate([np.zeros(0, np.int64), *counts])

    def _num_pieces(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        return -(-(ends - starts) // self.sequence_length)

    def _answers(self, shard: Shard, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Tokens under the loss mask, less those that open a document, or a row that cuts one."""
        lengths = ends - starts
        first = np.cumsum(lengths) - lengths
        within = np.arange(int(lengths.sum())) - np.repeat(first, lengths)
        carries_loss = shard.loss[np.repeat(starts, lengths) + within] & (within % self.sequence_length > 0)
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(carries_loss, dtype=np.int64)])
        return before[first + lengths] - before[first]


def whole(shard: Shard, counting: Counting) -> Holding:
    """What one pass over a corpus gives."""
    tally = _Tally()
    for begin in range(0, shard.num_documents, _DOCUMENTS_AT_ONCE):
        documents = np.arange(begin, min(begin + _DOCUMENTS_AT_ONCE, shard.num_documents))
        tally.add(counting.units(shard, documents))
    return Holding(
        num_documents=shard.num_documents,
        num_tokens=shard.num_tokens,
        num_units=tally.total,
        variation=tally.variation(),
    )


def part(shard: Shard, counting: Counting, num_units: int, *key: str) -> Holding:
    """A keyed part of a corpus that gives about `num_units` in one pass: the first documents of one permutation.

    It is the fewest documents that give as many, so that a larger part holds every smaller one. Document i of the part
    is `permute(i, num_documents of the corpus, *key)`.
    """
    size, tally, num_tokens = shard.num_documents, _Tally(), 0
    for begin in range(0, size, _DOCUMENTS_AT_ONCE):
        documents = permute(np.arange(begin, min(begin + _DOCUMENTS_AT_ONCE, size)), size, *key)
        units = counting.units(shard, documents)
        enough = int(np.searchsorted(tally.total + np.cumsum(units), num_units)) + 1
        starts, ends = shard.spans(documents[:enough])
        tally.add(units[:enough])
        num_tokens += int((ends - starts).sum())
        if tally.total >= num_units:
            break
    return Holding(num_documents=tally.count, num_tokens=num_tokens, num_units=tally.total, variation=tally.variation())


@dataclass(slots=True)
class _Tally:
    """Count, sum and sum of squares, in whole numbers: the same on every machine."""

    count: int = 0
    total: int = 0
    squares: int = 0

    def add(self, units: np.ndarray) -> None:
        self.count += len(units)
        self.total += int(units.sum())
        self.squares += int((units * units).sum())

    def variation(self) -> float:
        if not self.total:
            return 1.0
        variance = self.squares / self.count - (self.total / self.count) ** 2
        return max(1.0, round(sqrt(max(variance, 0.0)) * self.count / self.total, 3))


def _in_parts(starts: np.ndarray, ends: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Spans in groups of not many more than `_TOKENS_AT_ONCE` tokens."""
    group = np.cumsum(ends - starts) // _TOKENS_AT_ONCE
    for at in np.split(np.arange(len(starts)), np.flatnonzero(np.diff(group)) + 1):
        yield starts[at], ends[at]
