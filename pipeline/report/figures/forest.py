"""Differences with their intervals as a forest plot: one panel a side, zero marked."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.differences import PRETRAINING, SFT
from pipeline.report.figures.draw import COLOURS, MARKERS, Drawing, canvas, keep_readable, room_for, save, styled
from pipeline.report.frames import records

_TITLES = {PRETRAINING: "What the pretrain mix changes", SFT: "What the SFT mix changes"}


_SMALL = 7.5  # points: many names


@styled
def forest(contrasts: pd.DataFrame, folder: Path) -> Drawing | None:
    """Every difference in accuracy. contrasts: the `differences` rows of one metric; None where there are none."""
    sides = {side: records(contrasts[contrasts["side"] == side]) for side in (PRETRAINING, SFT)}
    sides = {side: rows for side, rows in sides.items() if rows}
    if not sides:
        return None
    longest = max(len(rows) for rows in sides.values())
    width = sum(2.4 + room_for(map(_label, rows), _SMALL) for rows in sides.values())
    figure, panels = canvas(max(width, 9.4 if len(sides) == 2 else 5.5), 1.1 + 0.24 * longest, 1, len(sides))
    for axes, (side, rows) in zip(panels, sides.items(), strict=True):
        _panel(axes, rows, _TITLES[side])
    return save(
        figure,
        "differences",
        folder,
        caption="Paired differences in accuracy (points) with 95 % intervals (wide ones cut off); not verdicts.",
        alt=f"Forest plot of {sum(map(len, sides.values()))} differences in accuracy; the tables hold the numbers.",
    )


def _panel(axes: Axes, rows: list[dict[str, Any]], title: str) -> None:
    contrasts = list(dict.fromkeys(row["contrast"] for row in rows))
    for place, row in enumerate(rows):
        kind = contrasts.index(row["contrast"])
        colour, marker = COLOURS[(kind + 1) % len(COLOURS)], MARKERS[(kind + 1) % len(MARKERS)]
        if not np.isnan(row["low"]):
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.6)
        axes.plot(row["effect"], place, marker, color=colour, markersize=5)
    axes.axvline(0, color="#7f8c99", linewidth=1)
    axes.set_yticks(range(len(rows)), list(map(_label, rows)), fontsize=_SMALL)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    keep_readable(axes, [row["effect"] for row in rows])
    axes.set_title(title, loc="left")
    axes.set_xlabel("points of accuracy")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)


def _label(row: dict[str, Any]) -> str:
    return f"{row['contrast']}, {row['at']}"
