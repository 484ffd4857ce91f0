"""Random streams keyed by what they are for, and permutations that need no memory.

A stream is named by a tuple - (study, corpus, split, index ...) - and hashed, so that neighbouring
seeds share nothing. `seed + index` is never used: in a popular generator it put 100 % of a validation
set into the training set.
"""

import hashlib
import random

import numpy as np

Key = str | int

_ROUNDS = 6


def keyed_int(*key: Key) -> int:
    """A 128-bit integer that depends on every part of the key, and on nothing else."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in key)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")


def generator(*key: Key) -> np.random.Generator:
    """A numpy generator for this key."""
    return np.random.default_rng(np.random.SeedSequence(keyed_int(*key)))


def rng(*key: Key) -> random.Random:
    """A standard-library generator for this key: the quick one, for one document at a time."""
    return random.Random(keyed_int(*key))


def permute(indices: np.ndarray, size: int, *key: Key) -> np.ndarray:
    """Where each index goes under a keyed permutation of `range(size)`; O(1) memory in `size`.

    A balanced Feistel network over the smallest even number of bits that holds `size`, walked until it
    lands inside (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
    indices: int64 (N,), each in [0, size). Returns int64 (N,).
    """
    half_bits = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << half_bits) - 1)
    round_keys = generator("permute", *key).integers(0, 2**64, size=_ROUNDS, dtype=np.uint64)
    result = indices.astype(np.uint64)
    outside = np.ones(result.shape, dtype=bool)
    while outside.any():
        result[outside] = _feistel(result[outside], round_keys, np.uint64(half_bits), mask)
        outside = result >= np.uint64(size)
    return result.astype(np.int64)


def _feistel(values: np.ndarray, round_keys: np.ndarray, half_bits: np.uint64, mask: np.uint64) -> np.ndarray:
    left, right = values >> half_bits, values & mask
    for round_key in round_keys:
        left, right = right, left ^ (_mix(right ^ round_key) & mask)
    return (left << half_bits) | right


def _mix(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
