"""The identity of an artifact: pinned, exact, and strict about what it takes."""

import enum
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.fingerprint import canonical, changes, difference, fingerprint

GOLDEN = "72a1558990a019e7d7a8983c4338186f406fa5b5da62931aa06f086761d99ead"
LITERALS = {"lr": 3e-4, "betas": (0.9, 0.98), "name": "é", "steps": 10, "on": True, "off": None}


class Colour(enum.StrEnum):
    RED = "red"


def test_the_fingerprint_of_known_literals_is_pinned() -> None:
    assert fingerprint("pretrain", 1, LITERALS, ["a" * 64]) == GOLDEN


def test_the_canonical_text_is_sorted_exact_and_ascii() -> None:
    assert canonical({"b": (1, 2.0, 0.1), "a": {2: "x", 10: "é"}}) == ('{"a":{"10":"\\u00e9","2":"x"},"b":[1,2.0,0.1]}')


def test_every_part_counts_and_the_order_of_keys_does_not() -> None:
    one = fingerprint("mix", 1, {"a": 1, "b": 2}, ["p", "q"])
    assert fingerprint("mix", 1, {"b": 2, "a": 1}, ["p", "q"]) == one
    others = [
        fingerprint("sft", 1, {"a": 1, "b": 2}, ["p", "q"]),
        fingerprint("mix", 2, {"a": 1, "b": 2}, ["p", "q"]),
        fingerprint("mix", "1", {"a": 1, "b": 2}, ["p", "q"]),
        fingerprint("mix", 1, {"a": 1, "b": 3}, ["p", "q"]),
        fingerprint("mix", 1, {"a": 1, "b": 2.0}, ["p", "q"]),
        fingerprint("mix", 1, {"a": True, "b": 2}, ["p", "q"]),
        fingerprint("mix", 1, {"a": 1, "b": 2}, ["q", "p"]),
        fingerprint("mix", 1, {"a": 1, "b": 2}, ["p"]),
    ]
    assert len({one, *others}) == 9


def test_neighbouring_floats_differ() -> None:
    assert canonical(0.1) != canonical(0.1 + 2**-56)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (float("nan"), ValueError, r"a\.b\.1 is nan"),
        (float("inf"), ValueError, r"a\.b\.1 is inf"),
        (Path("x"), TypeError, r"a\.b\.1 is a PosixPath"),
        ({1, 2}, TypeError, r"a\.b\.1 is a set"),
        (b"x", TypeError, r"a\.b\.1 is a bytes"),
        (np.float64(1.0), TypeError, r"a\.b\.1 is a float64"),
        (Colour.RED, TypeError, r"a\.b\.1 is a Colour"),
        ({True: 1}, TypeError, r"a\.b\.1 has a key of type bool"),
        ({1.5: 1}, TypeError, r"a\.b\.1 has a key of type float"),
        ({1: 1, "1": 2}, ValueError, r"a\.b\.1\.1 stands there twice"),
    ],
)
def test_a_value_without_a_canonical_form_raises_and_names_its_key(
    value: object, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fingerprint("mix", 1, {"a": {"b": [0, value]}})


def test_differences_are_named_by_dotted_path() -> None:
    a = {"model": {"width": 64, "layers": 4}, "mixes": ["shq", "ldq"], "same": 1, "empty": {}}
    b = {"model": {"width": 128, "layers": 4}, "mixes": ["shq"], "same": 1, "empty": {"x": 1}}
    assert difference(a, b) == ["empty", "empty.x", "mixes.1", "model.width"]
    assert difference(a, a) == []
    assert difference({}, {}) == []
    assert ("model.width", "64", "128") in changes(a, b)
    assert ("mixes.1", '"ldq"', "absent") in changes(a, b)


def test_differences_see_a_null_that_is_not_absent() -> None:
    assert difference({"a": None}, {}) == ["a"]
