"""95 % intervals: over problems where there is one seed, over seeds where there are several.

Over problems they say how well this checkpoint is measured, with the families as they are; only seeds say how
much another training run would differ.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95


class Interval(NamedTuple):
    """Both ends, in the unit of the values."""

    low: float
    high: float


NONE = Interval(float("nan"), float("nan"))


def of_mean(values: np.ndarray, scale: float) -> Interval:
    """Of a mean over problems. values: float (N,), from 0 to `scale`, or unbounded where scale is 1.

    Wilson's interval (1927) for yes-or-no values, since it stays honest at the floor; else Student's t.
    """
    if _is_binary(values, scale):
        hits = round(float(values.sum()) / scale)
        ends = stats.binomtest(hits, len(values)).proportion_ci(LEVEL, method="wilson")
        return Interval(ends.low * scale, ends.high * scale)
    return _student(values)


def of_paired(differences: np.ndarray, scale: float) -> Interval:
    """Of a mean of differences over the same problems. differences: float (N,).

    Yes-or-no values: Wald with half a pair added to each of the four outcomes (Agresti and Min 2005, "Simple
    improved confidence intervals for comparing matched proportions"), so that two models at the floor do not
    look exactly equal; else Student's t.
    """
    if not set(np.unique(differences / scale)) <= {-1.0, 0.0, 1.0} or not len(differences):
        return _student(differences)
    gained, lost = (float((differences == sign * scale).sum()) + 0.5 for sign in (1, -1))
    count = len(differences) + 2
    mean = (gained - lost) / count
    half = stats.norm.ppf(0.5 + LEVEL / 2) * np.sqrt((gained + lost) / count - mean**2) / np.sqrt(count)
    return Interval(float(mean - half) * scale, float(mean + half) * scale)


def over_seeds(values: np.ndarray) -> Interval:
    """Of a mean over seeds, Student's t. values: float (S,)."""
    return _student(values)


def _student(values: np.ndarray) -> Interval:
    """None for values without spread: two seeds that happen to agree do not make a number certain."""
    if len(values) < 2 or np.ptp(values) == 0:
        return NONE
    mean, half = float(np.mean(values)), float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean - half, mean + half)


def _is_binary(values: np.ndarray, scale: float) -> bool:
    return len(values) > 0 and set(np.unique(values / scale)) <= {0.0, 1.0}
