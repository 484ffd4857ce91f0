"""pass@k, majorities and crossovers, against enumeration and by hand."""

from fractions import Fraction
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tasks.repeated import crossover, majority, pass_at_k


@pytest.mark.parametrize("num_samples", [1, 5, 8])
def test_pass_at_k_is_the_share_of_draws_with_a_right_answer(num_samples):
    for num_correct in range(num_samples + 1):
        answers = [True] * num_correct + [False] * (num_samples - num_correct)
        for k in range(1, num_samples + 1):
            draws = list(combinations(answers, k))
            assert pass_at_k(num_samples, num_correct, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_k_stays_exact_where_binomials_are_huge():
    for num_correct, k in ((1, 128), (3, 100), (40, 64), (500, 7)):
        expected = 1 - comb(1000 - num_correct, k) / comb(1000, k)
        assert pass_at_k(1000, num_correct, k) == pytest.approx(expected, rel=1e-12)
    assert pass_at_k(128, 128, 1) == pass_at_k(128, 1, 128) == 1.0
    assert pass_at_k(128, 0, 128) == 0.0


def test_more_answers_than_samples_cannot_be_estimated():
    with pytest.raises(AssertionError):
        pass_at_k(4, 2, 5)


def test_the_majority_of_a_tie_is_the_answer_that_came_first():
    assert majority(["4", "3", "3", "4", None, None, None]) == "4"
    assert majority(["3", "4", "4"]) == "4"
    assert majority([None, None]) is None


def test_a_narrow_model_leads_at_1_and_a_broad_one_later():
    narrow = [8, 8, 8, 8, 0, 0, 0, 0]  # of 8 samples: half of the problems always, the others never
    broad = [3] * 8
    found = crossover(narrow, broad, 8, 8, "test")
    # pass@k of broad: 0.375, 0.643, ... against 0.5
    assert (found.k, found.last) == (2, 8)
    assert (found.first_gap, found.last_gap) == pytest.approx((0.5 - 0.375, 0.5 - 1.0))
    assert found.low <= 2 <= (found.high or 9)
    # Whoever stands first, the order turns at the same place.
    other = crossover(broad, narrow, 8, 8, "test")
    assert (other.k, other.first_gap) == (2, pytest.approx(-found.first_gap))


def by_enumeration(first, second, size):
    """The smallest k at which the mean over problems and draws turns, from every draw of k of the samples."""

    def mean(counts, k):
        lots = [list(combinations([1] * right + [0] * (size - right), k)) for right in counts]
        return sum(Fraction(sum(map(max, draws)), len(draws)) for draws in lots)

    gaps = [mean(first, k) - mean(second, k) for k in range(1, size + 1)]
    leads = next((gap > 0 for gap in gaps if gap), True)
    return next((k for k, gap in enumerate(gaps, start=1) if (gap < 0 if leads else gap > 0)), None)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_crossover_is_that_of_enumerated_draws(counts):
    first, second = ([pair[side] for pair in counts] for side in (0, 1))
    expected = by_enumeration(first, second, 5)
    assert crossover(first, second, 5, 5, "test").k == expected


def test_models_that_do_not_change_places_have_no_crossover():
    better, worse = [6, 7, 5, 8, 6, 7], [2, 3, 1, 2, 2, 3]
    found = crossover(better, worse, 8, 8, "test")
    assert (found.k, found.low, found.high, found.share) == (None, None, None, 0.0)


def test_equal_models_have_no_order_to_turn():
    found = crossover([1, 2, 3], [1, 2, 3], 4, 4, "test")
    assert (found.k, found.share, found.first_gap) == (None, 0.0, 0.0)


def test_models_with_unequal_samples_are_compared_up_to_the_fewer():
    assert crossover([2, 4], [1, 16], 4, 16, "test").last == 4


def test_an_interval_that_reaches_beyond_the_last_k_says_so():
    # One problem of many decides: resamples without it do not turn.
    narrow, broad = [4, 4, 4, 0, 0, 0], [4, 4, 2, 1, 0, 0]
    found = crossover(narrow, broad, 4, 4, "test")
    assert found.k is not None
    assert found.high is None
    assert 0 < found.share < 1
