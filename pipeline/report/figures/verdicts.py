"""Verdicts as a forest plot: ours with its interval, the paper's number beside it, coloured by verdict."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pipeline.report.figures.draw import INK, Drawing, canvas, keep_readable, save, styled
from pipeline.report.frames import records
from pipeline.report.verdicts import CONTRADICTED, MARKS, SAME, SUPPORTED, UNDECIDED, UNJUDGED, kind_of

COLOURS = {SUPPORTED: "#009e73", CONTRADICTED: "#d55e00", SAME: "#0093d8", UNDECIDED: "#7f8c99", UNJUDGED: "#7f8c99"}
_WORDS = {SAME: "no difference that matters", UNJUDGED: "not judged"}


@styled
def verdict_forest(frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """Every claim that has a number. frame: `verdicts.read_verdicts`; None where there is none to draw."""
    shown = frame[frame["effect"].notna() & (frame.get("metric", pd.Series("", frame.index)) != "bits_per_byte")]
    rows = records(shown)
    if not rows:
        return None
    figure, (axes,) = canvas(8.8, 1.25 + 0.4 * len(rows))
    axes.axvline(0, color="#7f8c99", linewidth=1)
    for place, row in enumerate(rows):
        _claim(axes, place, row)
    _split(axes, rows)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    keep_readable(axes, [value for row in rows for value in (row["effect"], row["paper"])])
    axes.set_xlabel("points")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    figure.legend(handles=_legend(rows), loc="outside lower center", ncols=5)
    told = "; ".join(f"{row['claim']}: {row['verdict']}, {row['effect']:+.1f} points" for row in rows)
    caption = (
        "Every claim: our effect with its 95 % interval over seeds, coloured by verdict; hollow: the paper's number."
    )
    return save(figure, "verdicts", folder, caption=caption, alt=f"Forest plot of verdicts. {told}.")


def _claim(axes: Axes, place: int, row: dict[str, Any]) -> None:
    colour = COLOURS[kind_of(row["verdict"])]
    if not np.isnan(row["low"]):
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.4, solid_capstyle="round")
    axes.plot(row["effect"], place, "o", color=colour, markersize=7 if row["primary"] else 5)
    if row["paper"] is not None and not pd.isna(row["paper"]):
        axes.plot(row["paper"], place, "D", markerfacecolor="none", markeredgecolor=INK, markersize=6)


def _split(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """A line between primary and exploratory claims."""
    num_primary = sum(bool(row["primary"]) for row in rows)
    if 0 < num_primary < len(rows):
        axes.axhline(num_primary - 0.5, color="#7f8c99", linewidth=0.8, linestyle=(0, (4, 3)))


def _label(row: dict[str, Any]) -> str:
    return textwrap.fill(f"{row['claim']}: {row['says']}", 62)


def _legend(rows: list[dict[str, Any]]) -> list[Line2D]:
    kinds = [kind for kind in MARKS if kind in {kind_of(row["verdict"]) for row in rows}]
    ours = [
        Line2D([], [], color=COLOURS[kind], marker="o", linewidth=2.4, label=_WORDS.get(kind, kind)) for kind in kinds
    ]
    paper = Line2D([], [], color=INK, marker="D", linestyle="", markerfacecolor="none", label="the paper")
    return [*ours, paper] if any(row["paper"] is not None and not pd.isna(row["paper"]) for row in rows) else ours
