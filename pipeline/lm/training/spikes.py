"""Loss spikes: batches whose loss leaps out of the recent ones. Training goes on; they are named, logged and counted.

The rule: a loss more than DEVIATIONS robust standard deviations above the median of the last WINDOW batches, and at
least RISE above it. Seven deviations from a rolling mean is OLMo 2's spike score (arXiv 2501.00656, after Karpathy);
median and MAD stand for mean and deviation here, so that a spike does not hide the next one. RISE is ours: where the
recent losses hardly differ, seven deviations are nothing. Only losses decide, so equal runs have equal spikes.
"""

from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import TypedDict

WINDOW = 128  # batches
LEAST = 32  # with fewer behind it, no batch is judged
DEVIATIONS = 7.0
RISE = 0.1  # nats
_DEVIATIONS_PER_MAD = 1.4826  # of a normal distribution


class Spike(TypedDict):
    """A batch whose loss leapt."""

    step: int
    loss: float  # nats a target
    limit: float  # the highest loss that would have been none


class SpikeWatch:
    """The losses of the last batches, and the judgement on the next."""

    def __init__(self, losses: Iterable[float] = ()) -> None:
        self._recent = deque(losses, WINDOW)

    @property
    def recent(self) -> list[float]:
        """What a restart point must hold."""
        return list(self._recent)

    def judge(self, step: int, loss: float) -> Spike | None:
        """Take in the next batch's loss; a spike, if it is one."""
        limit = self._limit()
        self._recent.append(loss)
        return Spike(step=step, loss=loss, limit=limit) if loss > limit else None

    def _limit(self) -> float:
        if len(self._recent) < LEAST:
            return float("inf")
        middle = median(self._recent)
        deviation = _DEVIATIONS_PER_MAD * median(abs(loss - middle) for loss in self._recent)
        return middle + max(RISE, DEVIATIONS * deviation)
