"""Random streams: pinned, keyed by every part, and permutations that are permutations."""

import numpy as np
import pytest

from pipeline.core.seeds import generator, keyed_int, permute, rng

PINNED_INT = 196528871162440493653887656545359795148
PINNED_RANDOM = 0.4524385743822752
PINNED_INTEGERS = [397, 792, 449, 560]
PINNED_PERMUTATION = [7, 9, 0, 2, 8, 1, 5, 6, 4, 3]


def test_a_stream_is_what_it_was_when_this_was_written() -> None:
    """If this changes, every artifact in every store is another one under the same fingerprint."""
    assert keyed_int("tunnel/seed0", "corpus", 7) == PINNED_INT
    assert rng("a", 1).random() == PINNED_RANDOM
    assert generator("a", 1).integers(0, 1000, 4).tolist() == PINNED_INTEGERS
    assert permute(np.arange(10), 10, "a", 1).tolist() == PINNED_PERMUTATION


def test_every_part_of_a_key_counts_its_type_and_its_border_too() -> None:
    keys = [("a", "b"), ("b", "a"), ("ab",), ("a", "b", ""), ("a", 1), ("a", "1"), ("a1",), ("a", 2), ("a",)]
    assert len({keyed_int(*key) for key in keys}) == len(keys)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65, 1000, 4097])
def test_a_permutation_reaches_each_place_once(size: int) -> None:
    places = permute(np.arange(size), size, "order", size)
    assert places.dtype == np.int64
    assert sorted(places.tolist()) == list(range(size))


def test_one_index_goes_where_it_goes_among_all() -> None:
    places = permute(np.arange(1000), 1000, "k")
    assert permute(np.array([17, 999]), 1000, "k").tolist() == places[[17, 999]].tolist()


def test_a_permutation_far_too_large_for_memory_stays_inside() -> None:
    size = 10**12 + 39
    places = permute(np.arange(size - 1000, size), size, "big")
    assert len(set(places.tolist())) == 1000
    assert places.min() >= 0
    assert places.max() < size


def test_permutations_of_other_keys_are_others() -> None:
    a, b = permute(np.arange(1000), 1000, "k", 0), permute(np.arange(1000), 1000, "k", 1)
    assert (a == b).sum() < 10  # one place in 1000 is expected to agree


def test_a_permutation_is_even() -> None:
    """Where index 0 lands over 2,000 keys on 8 places: 250 each; chi-square with 7 degrees, 99.99 % below 29.9."""
    places = np.array([permute(np.array([0]), 8, "even", key)[0] for key in range(2000)])
    counts = np.bincount(places, minlength=8)
    assert ((counts - 250) ** 2 / 250).sum() < 29.9
