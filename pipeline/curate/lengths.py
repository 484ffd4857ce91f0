"""A distribution of counts in constant memory: exact sums, percentiles from a histogram with narrow bins."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_SUB = 16  # bins within a power of two: a percentile is within 3 %
_PERCENTILES = (5, 25, 50, 75, 95, 99)


@dataclass
class Lengths:
    """Counts of whole numbers from 0 on; those below 32 are exact."""

    bins: Counter[int] = field(default_factory=Counter)
    total: int = 0
    largest: int = 0

    def add(self, value: int) -> None:
        """Count one."""
        self.bins[_bin(value)] += 1
        self.total += value
        self.largest = max(self.largest, value)

    def to_json(self) -> dict[str, Any]:
        """Mean, percentiles, largest, and documents by power of two: `64` holds 64 to 127."""
        count = self.bins.total()
        if not count:
            return {}
        powers: Counter[int] = Counter()
        for found, number in self.bins.items():
            powers[_start(found).bit_length()] += number
        return {
            "mean": round(self.total / count, 3),
            **{f"p{percent}": self._percentile(percent) for percent in _PERCENTILES},
            "largest": self.largest,
            "histogram": {
                str(1 << bits - 1 if bits else 0): powers[bits] for bits in range(min(powers), max(powers) + 1)
            },
        }

    def _percentile(self, percent: int) -> int:
        """The smallest value that so many percent do not exceed: the start of its bin."""
        needed = self.bins.total() * percent / 100
        seen = 0
        for found in sorted(self.bins):
            seen += self.bins[found]
            if seen >= needed:
                return _start(found)
        return self.largest


def _bin(value: int) -> int:
    """Its own bin for a small number; else one of 16 in its power of two."""
    shift = max(value.bit_length() - 5, 0)
    return (shift << 5) + (value >> shift)


def _start(found: int) -> int:
    return (found & 31) << (found >> 5)
