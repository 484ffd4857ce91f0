"""The tests and the planner, against formulas and simulated truth."""

import numpy as np
import pytest
from scipy import stats

from pipeline.verdict import inference, power


def test_the_interval_is_students():
    found = inference.estimate([1.0, 2.0, 4.0, 5.0])
    half = stats.t.ppf(0.975, 3) * np.std([1, 2, 4, 5], ddof=1) / 2
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_equal_numbers_up_to_rounding_have_no_spread():
    assert not inference.estimate([0.1 + 0.2, 0.3, 0.3]).has_spread
    assert not inference.estimate([3.0]).has_spread
    assert inference.estimate([3.0, 3.1]).has_spread


def test_two_one_sided_tests_are_the_ninety_per_cent_interval():
    values = [0.5, -0.4, 1.0, 0.2, 0.1, -0.3]
    low, high = stats.t.interval(0.9, 5, np.mean(values), stats.sem(values))
    edge = max(-low, high)
    assert inference.p_within(values, edge * 1.001) < 0.05 < inference.p_within(values, edge * 0.999)


def test_beyond_the_margin_is_asked_of_either_end():
    values = [7.0, 8.0, 9.0]
    assert inference.p_beyond(values, 5.0) == pytest.approx(2 * stats.ttest_1samp(values, 5, alternative="greater")[1])
    assert inference.p_beyond([-v for v in values], 5.0) == pytest.approx(inference.p_beyond(values, 5.0))


def test_holm_multiplies_by_what_is_left():
    assert inference.holm([0.01, 0.04, 0.02]) == pytest.approx([0.03, 0.04, 0.04])
    assert inference.holm([]) == []


@pytest.mark.parametrize(("seeds", "truth"), [(5, 0.0), (8, 0.6), (20, 0.9)])
def test_the_power_of_equivalence_is_what_simulation_says(seeds, truth):
    draws = np.random.default_rng(0).normal(truth, 1.0, size=(4000, seeds))
    means, errors = draws.mean(axis=1), draws.std(axis=1, ddof=1) / np.sqrt(seeds)
    passed = np.abs(means) + stats.t.ppf(0.95, seeds - 1) * errors < 1.2
    assert power.power_of_equivalence(seeds, truth, 1.2, 1.0, 0.05) == pytest.approx(passed.mean(), abs=0.03)


def test_the_seeds_that_are_needed_are_the_fewest_that_do():
    needed = power.seeds_needed(1.0, 1.0, 1.0, alpha=0.05, power=0.8)
    assert needed == 10  # one-sample t, effect 1 sd, two-sided 5 %, 80 %: 9.94
    assert (
        power.power_of_difference(needed, 1.0, 1.0, 0.05) >= 0.8 > power.power_of_difference(needed - 1, 1.0, 1.0, 0.05)
    )
    assert power.power_of_difference(400, 10.0, 1.0, 0.05) == pytest.approx(1.0)
    assert power.seeds_needed(0.001, 0.0005, 10.0, alpha=0.05, power=0.8) is None


def test_no_effect_is_decided_by_equivalence():
    few = power.seeds_needed(0.0, 1.0, 1.0, alpha=0.05, power=0.8)
    assert few is not None
    assert power.power_of_equivalence(few, 0.0, 1.0, 1.0, 0.05) >= 0.8


def test_the_smallest_effect_has_the_asked_power():
    effect = power.smallest_effect(8, 2.0, alpha=0.05, power=0.8)
    assert power.power_of_difference(8, effect, 2.0, 0.05) == pytest.approx(0.8, abs=1e-3)
