"""The verdicts as a board: what each claim says, and on a common scale our number, its interval and the paper's.

The same as the forest plot among the figures, but as a list of words and bars, which a phone can show and a screen
reader can say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.table import bracket
from pipeline.report.verdicts import MARKS, SAME, kind_of, tally

_ROOM = 1.12  # the scale reaches a little beyond the largest number
_STEPS = (1, 2, 5, 10, 20, 50, 100)  # points between the scale's marks
_MOST_MARKS = 3  # on either side of zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One claim; places are percent of the scale, from its left end, and none where there is no number."""

    claim: str
    says: str
    kind: str
    verdict: str
    ours: str
    paper: str
    effect_at: float | None
    paper_at: float | None
    low_at: float | None
    high_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Primary claims, then the others; marks: (text, percent of the scale)."""

    primary: list[Line]
    others: list[Line]
    others_say: str
    marks: list[tuple[str, float]]


def board(frame: pd.DataFrame) -> Board | None:
    """frame: `verdicts.read_verdicts`; None where no claim has a number."""
    rows = records(frame)
    reach = _ROOM * max((abs(value) for row in rows for value in _numbers(row)), default=0.0)
    if reach == 0.0:
        return None
    others = [row for row in rows if not row["primary"]]
    return Board(
        primary=[_line(row, reach) for row in rows if row["primary"]],
        others=[_line(row, reach) for row in others],
        others_say=_counted(others),
        marks=_marks(reach),
    )


def _numbers(row: dict[str, Any]) -> list[float]:
    """What the scale must hold: numbers in points. Intervals over few seeds may be cut off by its ends."""
    both = (row["effect"], row["paper"]) if _is_points(row) else ()
    return [float(value) for value in both if not math.isnan(value)]


def _is_points(row: dict[str, Any]) -> bool:
    return row.get("metric") != "bits_per_byte"


def _line(row: dict[str, Any], reach: float) -> Line:
    form = "+.1f" if _is_points(row) else "+.3f"
    places = {
        name: _place(row[name], reach) if _is_points(row) else None for name in ("effect", "paper", "low", "high")
    }
    kind = kind_of(row["verdict"])
    interval = bracket(row["low"], row["high"], form)
    return Line(
        claim=row["claim"],
        says=row["says"],
        kind=kind,
        verdict=f"{MARKS[kind]} {'no difference' if kind == SAME else row['verdict']}",
        ours="" if math.isnan(row["effect"]) else f"{row['effect']:{form}} {interval}".strip(),
        paper="" if math.isnan(row["paper"]) else f"{row['paper']:+.1f}",
        effect_at=places["effect"],
        paper_at=places["paper"],
        low_at=places["low"],
        high_at=places["high"],
    )


def _place(value: float, reach: float) -> float | None:
    """Percent of a scale from -reach to +reach; what lies beyond stands at its end."""
    if math.isnan(value):
        return None
    return round(50 + 50 * max(-1.0, min(1.0, value / reach)), 2)


def _marks(reach: float) -> list[tuple[str, float]]:
    """Round numbers on both sides of zero."""
    step = next((step for step in _STEPS if reach / step <= _MOST_MARKS + 1), _STEPS[-1])
    most = int(reach // step)
    return [
        (f"{step * place:+d}" if place else "0", 50 + 50 * step * place / reach) for place in range(-most, most + 1)
    ]


def _counted(rows: Sequence[dict[str, Any]]) -> str:
    """How many claims, and what became of them."""
    words = {"same": "no difference", "unjudged": "not judged"}
    counts = ", ".join(f"{n} {words.get(kind, kind)}" for kind, n in tally(row["verdict"] for row in rows).items())
    return f"{len(rows)} exploratory claim{'s' * (len(rows) != 1)}: {counts}" if rows else ""
