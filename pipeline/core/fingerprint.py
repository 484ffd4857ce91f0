"""The identity of an artifact: a hash of the literals that decide its content.

In: plain values (what `Config.literals` gives). Out: 64 hex digits, of which people see 12.
A value without one exact written form raises instead of being guessed at: no sets, no paths, no NaN, no
subclasses (numpy's floats, enums). 1, 1.0 and true are three different values.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

NUM_SHOWN = 12  # hex digits in folder names and messages
ABSENT = "absent"  # how a value that only the other side has is shown


def fingerprint(
    stage: str, version: int | str, literals: Mapping[str, Any], parent_fingerprints: Sequence[str] = ()
) -> str:
    """64 hex digits that depend on every argument, the parents' order included, and on nothing else.

    Raises TypeError or ValueError, naming the key, where a literal has no canonical form.
    """
    identity = {
        "stage": stage,
        "version": version,
        "literals": dict(literals),
        "parents": list(parent_fingerprints),
    }
    return hashlib.blake2b(canonical(identity).encode(), digest_size=32).hexdigest()


def canonical(value: object) -> str:
    """The one JSON text of a plain value: keys sorted, no spaces, floats by `repr`, tuples as lists, ASCII only."""
    plain = _plain(value, "")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def normalised(literals: Mapping[str, Any]) -> dict[str, Any]:
    """Literals as they come back from a record: string keys, lists for tuples."""
    return json.loads(canonical(dict(literals)))


def difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Dotted paths at which two sets of literals differ, sorted; list items by their index."""
    return [path for path, _, _ in changes(a, b)]


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(dotted path, value in a, value in b) where two sets of literals differ, sorted by path."""
    left, right = dict(_leaves(normalised(a), "")), dict(_leaves(normalised(b), ""))
    paths = sorted(left.keys() | right.keys())
    sides = ((path, left.get(path, ABSENT), right.get(path, ABSENT)) for path in paths)
    return [side for side in sides if side[1] != side[2]]


def _plain(value: object, at: str) -> object:
    # Exact types only: a subclass may be written in its own way (an enum, numpy's float64).
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"{at or 'value'} is {value!r}, which has no canonical form; use null or a finite number")
        return value
    if type(value) in (list, tuple):
        items = cast("Sequence[object]", value)
        return [_plain(item, _join(at, index)) for index, item in enumerate(items)]
    if type(value) is dict:
        return _plain_dict(cast("dict[object, object]", value), at)
    raise TypeError(f"{at or 'value'} is a {type(value).__name__}, which has no canonical form: {value!r}")


def _plain_dict(value: dict[object, object], at: str) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key, item in value.items():
        if type(key) not in (str, int):
            raise TypeError(f"{at or 'value'} has a key of type {type(key).__name__}: {key!r}; use str or int")
        if str(key) in plain:
            raise ValueError(f"{_join(at, key)} stands there twice, as a number and as text")
        plain[str(key)] = _plain(item, _join(at, key))
    return plain


def _join(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)


def _leaves(value: object, at: str) -> Iterator[tuple[str, str]]:
    """Every value that is no container (or is an empty one), as JSON text, by its dotted path."""
    if isinstance(value, dict | list) and value:
        container = cast("dict[str, object] | list[object]", value)
        items = container.items() if isinstance(container, dict) else enumerate(container)
        for key, item in items:
            yield from _leaves(item, _join(at, key))
    elif at:  # no literals at all is no value
        yield at, json.dumps(value)
