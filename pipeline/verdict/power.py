"""How many seeds a contrast needs: power of the t test (statsmodels) and of the equivalence test.

statsmodels has no power for two one-sided tests with an estimated spread, so that one is integrated here over the
distribution of the spread: given sd s, the mean passes with the probability that a normal falls between
-m + t s / sqrt(n) and m - t s / sqrt(n).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.power import TTestPower

MOST_SEEDS = 1000
_QUANTILES = (np.arange(512) + 0.5) / 512


def power_of_difference(seeds: int, effect: float, sd: float, alpha: float) -> float:
    """The chance that a two-sided t test over `seeds` contrasts tells a true `effect` from 0."""
    if effect == 0:
        return alpha
    power = float(TTestPower().power(abs(effect) / sd, seeds, alpha, alternative="two-sided"))
    return _power_far_away(seeds, abs(effect) / sd, alpha) if np.isnan(power) else power


def _power_far_away(seeds: int, size: float, alpha: float) -> float:
    """Where scipy's noncentral t gives out (effects of over 37 standard errors): integrated over the spread instead."""
    spread = np.sqrt(stats.chi2.ppf(_QUANTILES, seeds - 1) / (seeds - 1))
    critical = stats.t.ppf(1 - alpha / 2, seeds - 1)
    return float(stats.norm.sf(critical * spread - size * np.sqrt(seeds)).mean())


def power_of_equivalence(seeds: int, effect: float, margin: float, sd: float, alpha: float) -> float:
    """The chance that two one-sided tests, each at alpha, place a true `effect` within the margin."""
    spread = sd * np.sqrt(stats.chi2.ppf(_QUANTILES, seeds - 1) / (seeds - 1))
    room = margin - stats.t.ppf(1 - alpha, seeds - 1) * spread / np.sqrt(seeds)
    error = sd / np.sqrt(seeds)
    inside = stats.norm.cdf((room - effect) / error) - stats.norm.cdf((-room - effect) / error)
    return float(np.where(room > 0, inside, 0.0).mean())


def power_to_decide(seeds: int, effect: float, margin: float, sd: float, alpha: float) -> float:
    """The chance of a verdict, one way or the other, if `effect` is the truth: the better of the two tests."""
    different = power_of_difference(seeds, effect, sd, alpha)
    return max(different, power_of_equivalence(seeds, effect, margin, sd, alpha))


def seeds_needed(effect: float, margin: float, sd: float, *, alpha: float, power: float) -> int | None:
    """The fewest seeds with that chance of a verdict, by bisection; None where MOST_SEEDS would not do."""

    def is_enough(seeds: int) -> bool:
        return power_to_decide(seeds, effect, margin, sd, alpha) >= power

    if not is_enough(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS  # low is not enough, high is
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def smallest_effect(seeds: int, sd: float, *, alpha: float, power: float) -> float:
    """The effect that so many seeds tell from 0 with that power."""
    size = TTestPower().solve_power(nobs=seeds, alpha=alpha, power=power, alternative="two-sided")
    return float(np.asarray(size).item()) * sd


def largest_sd(sd: float, seeds: int, level: float = 0.8) -> float:
    """An upper limit of a spread estimated from so many seeds (chi-squared): few pilots underestimate often."""
    return float(sd * np.sqrt((seeds - 1) / stats.chi2.ppf(1 - level, seeds - 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What pilot runs say of one contrast."""

    claim: str
    part: str
    pilots: int
    sd: float
    matters: float
    needs: int | None  # seeds, if the truth is the smallest effect that matters
    needs_at_most: int | None  # likewise, if the pilots underestimate the spread as one time in five they do
    power_as_planned: float  # at the planned seeds
    detectable: float  # the smallest effect at the planned seeds


def plan(
    claim: str,
    part: str,
    values: list[float],
    *,
    matters: float,
    planned: int,
    alpha: float,
    power: float,
    fewest: int = 2,
) -> Plan:
    """values: the contrast at each pilot seed, two or more that differ; fewest: seeds below which nothing is judged."""
    sd = float(np.std(values, ddof=1))

    def needed(spread: float) -> int | None:
        found = seeds_needed(matters, matters, spread, alpha=alpha, power=power)
        return None if found is None else max(found, fewest)

    return Plan(
        claim=claim,
        part=part,
        pilots=len(values),
        sd=sd,
        matters=matters,
        needs=needed(sd),
        needs_at_most=needed(largest_sd(sd, len(values))),
        power_as_planned=power_of_difference(planned, matters, sd, alpha) if planned >= fewest else 0.0,
        detectable=smallest_effect(planned, sd, alpha=alpha, power=power),
    )
