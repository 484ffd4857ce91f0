"""Counts written as people write them: `1.7M`, `200k`, `600B`, `2_048`; never a bare unit-less guess."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SUFFIX = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9, "t": 10**12}
_COUNT = re.compile(r"(\d[\d_]*)(?:\.(\d+))?\s*([kmbgt]?)", re.IGNORECASE)


def parse_count(value: object) -> int:
    """A whole, non-negative count from an int or from text such as `1.7M`.

    Raises ValueError where the text is no count or the count is no whole number.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a count; write one like 200k, 1.7M or 600B")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    match = _COUNT.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a count; write one like 200k, 1.7M or 600B")
    whole, fraction, suffix = match.group(1).replace("_", ""), match.group(2) or "", match.group(3)
    scaled = int(whole + fraction) * _SUFFIX[suffix.lower()]
    count, rest = divmod(scaled, 10 ** len(fraction))
    if rest:
        raise ValueError(f"{value!r} is not a whole number")
    return count


def format_count(count: float) -> str:
    """The short form of a count: `1.7M`."""
    for size, suffix in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g}{suffix}"
    return f"{count:.0f}"


Count = Annotated[int, BeforeValidator(parse_count)]
