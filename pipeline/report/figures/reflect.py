"""Reflection against compute: the log-probability gap above, accuracy below, a column for each setting."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.figures.draw import COLOURS, MARKERS, Drawing, canvas, save, styled
from pipeline.report.frames import records
from pipeline.tasks.reflection.config import NO_TRIGGER

_ROWS = {"gap": ("log-probability gap (nats)", 1.0), "accuracy": ("accuracy (%)", 100.0)}


@styled
def reflection_lines(frame: pd.DataFrame, folder: Path, trigger: str = NO_TRIGGER) -> Drawing | None:
    """One line a line of checkpoints and seed, at one trigger; None where there is nothing.

    frame: `reflection.reflection_curves`, one suite's rows.
    """
    shown = frame[frame["trigger"] == trigger]
    settings = list(dict.fromkeys(shown["setting"]))
    if not settings:
        return None
    figure, panels = canvas(3.9 * len(settings) + 0.4, 4.6, len(_ROWS), len(settings))
    (suite,) = set(shown["suite"])
    lines = list(dict.fromkeys(frame["line"]))
    cells = [(metric, setting) for metric in _ROWS for setting in settings]
    for axes, (metric, setting) in zip(panels, cells, strict=True):
        _panel(axes, shown[shown["setting"] == setting], metric, setting, lines)
    named = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=min(6, len(named)))
    return save(
        figure,
        f"reflection-{suite}",
        folder,
        caption=f"{suite}: behind a wrong chain of thought; above 0 the gold answer is likelier than the wrong one.",
        alt=f"{len(settings)} settings of reflection against log compute for {len(lines)} lines; numbers in the table.",
    )


def _panel(axes: Axes, frame: pd.DataFrame, metric: str, setting: str, lines: list[str]) -> None:
    title, scale = _ROWS[metric]
    for place, line in enumerate(lines):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        for number, (_, points) in enumerate(frame[frame["line"] == line].groupby("seed", sort=True)):
            rows = records(points[points[metric].notna() & (points["flops"] > 0)].sort_values("flops"))
            values = [row[metric] * scale for row in rows]
            label = line if number == 0 else None
            axes.plot(
                [math.log10(row["flops"]) for row in rows],
                values,
                color=colour,
                marker=marker,
                markersize=4,
                label=label,
            )
    if metric == "gap":
        axes.axhline(0, color="#7f8c99", linewidth=1)
    else:
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    axes.set_title(setting, loc="left")
    axes.set_xlabel("log10 of pretraining FLOPs")
    axes.set_ylabel(title)
    axes.grid(visible=True, axis="y")
