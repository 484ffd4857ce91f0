"""Intervals against numbers from the literature or counted by hand."""

import math

import numpy as np
import pytest

from pipeline.report.intervals import of_mean, of_paired, over_seeds


def test_floor_does_not_look_certain():
    ends = of_mean(np.zeros(100), 100.0)
    assert (ends.low, round(ends.high, 2)) == (0.0, 3.7)  # Wilson: z² / (n + z²)


def test_graded_values_have_a_t_interval():
    ends = of_mean(np.array([10.0, 20.0, 30.0]), 100.0)
    assert (ends.low + ends.high) / 2 == pytest.approx(20.0)
    assert ends.high - ends.low == pytest.approx(2 * 4.30265 * 10 / math.sqrt(3), rel=1e-4)


def test_paired_shares_follow_agresti_and_min():
    differences = np.array([100.0] * 30 + [-100.0] * 10 + [0.0] * 60)
    ends = of_paired(differences, 100.0)
    mean = (30.5 - 10.5) / 102
    half = 1.959964 * math.sqrt((30.5 + 10.5) / 102 - mean**2) / math.sqrt(102)
    assert (ends.low, ends.high) == (pytest.approx(100 * (mean - half)), pytest.approx(100 * (mean + half)))


def test_two_models_at_the_floor_are_not_shown_as_exactly_equal():
    ends = of_paired(np.zeros(50), 100.0)
    assert ends.low < 0 < ends.high


def test_one_seed_has_no_interval_over_seeds():
    assert math.isnan(over_seeds(np.array([12.0])).low)


def test_seeds_that_happen_to_agree_do_not_make_a_number_certain():
    assert math.isnan(over_seeds(np.array([12.0, 12.0])).high)
