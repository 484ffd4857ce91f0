"""Accuracy and format share by domain: a panel a domain, held-out ones below; a line a checkpoint, dot and ring."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pipeline.report.balance import uneven
from pipeline.report.checkpoints import BEFORE, Checkpoint, points_of, rows_of
from pipeline.report.figures.draw import COLOURS, INK, Drawing, canvas, room_for, save, styled
from pipeline.report.frames import records

MOST = 28  # checkpoints; more would not be read


@styled
def domain_dots(models: Sequence[Checkpoint], frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """frame: `breakdown.by_domain`; None where there is nothing, or more checkpoints than a figure holds."""
    points = [point for point in points_of(models) if point in set(zip(frame["pretrain"], frame["sft"], strict=True))]
    names = frame[["held_out", "domain"]].drop_duplicates()
    panels_of = [(str(domain), bool(held)) for held, domain in names.itertuples(index=False)]
    if not panels_of or len(points) > MOST:
        return None
    points.sort(key=lambda point: rows_of(models).index(point[0]))
    bands = [band for band in ([p for p in panels_of if not p[1]], [p for p in panels_of if p[1]]) if band]
    across = max(map(len, bands))
    names_of = [row if sft == BEFORE else f"{row} > {sft}" for row, sft in points]
    left = max(2.3, 0.5 + room_for(names_of))
    figure, panels = canvas(left + 1.8 * across, 1.1 + (0.5 + 0.2 * len(points)) * len(bands), len(bands), across)
    for number, band in enumerate(bands):
        line = panels[number * across : (number + 1) * across]
        for axes, (domain, held) in zip(line, band, strict=False):
            part = frame[(frame["domain"] == domain) & (frame["held_out"] == held)]
            _panel(axes, part, points, rows_of(models))
            axes.set_title(f"{domain or 'other'}{' (held out)' if held else ''}", loc="left")
        for axes in line[len(band) :]:
            axes.set_visible(False)
        line[0].set_yticks(range(len(points)), names_of)
    dot = Line2D([], [], color=INK, marker="o", linestyle="", label="accuracy")
    ring = Line2D([], [], color=INK, marker="o", linestyle="", markerfacecolor="none", label="well-formed")
    figure.legend(handles=[dot, ring], loc="outside lower center", ncols=2)
    caption = "By domain: accuracy (dot) and share of well-formed answers (ring), percent; colour: the pretrain mix."
    caption += uneven(frame["seeds"])
    alt = f"Dots for {len(points)} checkpoints in {len(panels_of)} domains; the numbers are in the table below."
    return save(figure, "domains", folder, caption=caption, alt=alt)


def _panel(axes: Axes, frame: pd.DataFrame, points: list[tuple[str, str]], rows: list[str]) -> None:
    values = {(r["pretrain"], r["sft"]): r for r in records(frame)}
    for place, point in enumerate(points):
        record = values.get(point)
        if record is None:
            continue
        colour = COLOURS[rows.index(point[0]) % len(COLOURS)]
        axes.plot([record["accuracy"], record["format"]], [place, place], color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(record["format"], place, "o", markerfacecolor="none", markeredgecolor=colour, markersize=5)
        axes.plot(record["accuracy"], place, "o", color=colour, markersize=5)
    axes.set_xlim(-4, 104)
    axes.set_xticks([0, 50, 100])
    axes.set_yticks([])
    axes.set_ylim(len(points) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
