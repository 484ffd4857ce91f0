"""Problems that were answered several times: pass@k, the majority, and where two models change places.

pass@k is the chance that one of k answers is right. Drawing k of n and looking is noisy, and 1 - (1 - c/n)^k is
biased; the unbiased estimate is 1 - C(n - c, k) / C(n, k) for c right answers of n (Chen et al. 2021,
arXiv:2107.03374, equation 1), computed as the product that cannot overflow.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.core.seeds import Key, generator

_RESAMPLES = 2000
_LEVEL = 0.95
_ROUNDING = 1e-12  # below it two means are equal


def pass_at_k(num_samples: int, num_correct: int, k: int) -> float:
    """The chance that k of the samples hold a right one. 1 <= k <= num_samples."""
    assert 0 <= num_correct <= num_samples, (num_correct, num_samples)
    assert 1 <= k <= num_samples, (k, num_samples)
    if num_samples - num_correct < k:
        return 1.0
    wrong = np.arange(num_samples - num_correct + 1, num_samples + 1)
    return float(1.0 - np.prod(1.0 - k / wrong))


def majority(answers: Sequence[str | None]) -> str | None:
    """The answer that was given most often; of several, the one that came first; None counts for none."""
    counts = Counter(answer for answer in answers if answer is not None)
    return max(counts, key=counts.__getitem__, default=None)  # in the order of their first coming


class Crossover(NamedTuple):
    """Where the order of two models turns: from the k at which the one behind at the smallest k is ahead."""

    k: int | None  # None: it does not turn up to `last`
    low: int | None  # of the 95 % interval over problems; None: beyond `last`
    high: int | None
    share: float  # of the resamples in which the order turns
    last: int  # the largest k that both models have samples for
    first_gap: float  # mean pass@k of the first less that of the second, at the smallest k
    last_gap: float  # and at the largest


def crossover(first: Sequence[int], second: Sequence[int], num_first: int, num_second: int, *key: Key) -> Crossover:
    """Where the order of two models turns, over the same problems, for every k that both have samples for.

    first, second: right answers a problem, of `num_first` and `num_second` samples. The interval is a paired
    bootstrap over problems (percentiles; a resample without a turn counts as beyond the largest k); `key` names its
    random stream.
    """
    assert len(first) == len(second) > 0, "the same problems, at least one"
    ks = range(1, min(num_first, num_second) + 1)
    gaps = _table(first, num_first, ks) - _table(second, num_second, ks)  # (problems, ks)
    mean = gaps.mean(0)
    ahead = np.sign(
        mean[np.flatnonzero(np.abs(mean) > _ROUNDING)[:1]]
    ).sum()  # of the first model, at the smallest k that tells
    weights = generator("crossover", *key).multinomial(len(gaps), np.full(len(gaps), 1 / len(gaps)), _RESAMPLES)
    resampled = np.sort([_turn(row, float(ahead)) for row in weights @ gaps / len(gaps)])
    k, low, high = (_finite(value) for value in (_turn(mean, float(ahead)), *_percentiles(resampled)))
    share = float(np.isfinite(resampled).mean())
    return Crossover(k, low, high, share, ks[-1], float(mean[0]), float(mean[-1]))


def _table(counts: Sequence[int], num_samples: int, ks: Sequence[int]) -> np.ndarray:
    """pass@k of each problem, float (problems, ks)."""
    known = {count: [pass_at_k(num_samples, count, k) for k in ks] for count in set(counts)}
    return np.array([known[count] for count in counts])


def _turn(gaps: np.ndarray, ahead: float) -> float:
    """The smallest k (from 1) at which the other model is ahead; infinite where there is none."""
    turned = np.flatnonzero(gaps * ahead < -_ROUNDING)
    return float(turned[0] + 1) if len(turned) else float("inf")


def _percentiles(ordered: np.ndarray) -> tuple[float, float]:
    """The interval's ends among sorted values, which may be infinite."""
    tail = (1 - _LEVEL) / 2
    last = len(ordered) - 1
    return float(ordered[int(np.floor(tail * last))]), float(ordered[int(np.ceil((1 - tail) * last))])


def _finite(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None
