"""The gap to the baseline before SFT, after it and after RL: one panel a chain, one line a pretrain mix."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.checkpoints import BEFORE, Checkpoint, rows_of
from pipeline.report.figures.draw import COLOURS, Drawing, canvas, keep_readable, legend_below, marker_of, save, styled


@styled
def gap_lines(models: Sequence[Checkpoint], frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """frame: `gaps.gaps`; None where no chain has two rows."""
    chains = list(dict.fromkeys(frame["chain"]))
    if not chains:
        return None
    across = min(4, len(chains))
    down = -(-len(chains) // across)
    figure, panels = canvas(2.5 * across + 0.6, 2.5 * down + 0.5, down, across)
    for axes, chain in zip(panels, chains, strict=False):
        _panel(axes, frame[frame["chain"] == chain], rows_of(models))
    _share_scale(panels[: len(chains)], across)
    for axes in panels[len(chains) :]:
        axes.set_visible(False)
    legend_below(figure, panels)
    baseline = frame["baseline"].iloc[0]
    caption = (
        f"Points of accuracy above '{baseline}', at each point of training, with 95 % intervals (wide ones cut off)."
    )
    alt = f"{len(chains)} panels: the gap to {baseline} before and after later training; numbers in the table below."
    return save(figure, "gaps", folder, caption=caption, alt=alt)


def _panel(axes: Axes, frame: pd.DataFrame, rows: list[str]) -> None:
    shown = [row for row in rows if row in set(frame["pretrain"])]
    for row in shown:
        line = frame[frame["pretrain"] == row].sort_values("place")
        kind = rows.index(row)
        colour, marker = COLOURS[kind % len(COLOURS)], marker_of(kind)
        aside = 0.05 * (shown.index(row) - (len(shown) - 1) / 2)
        at, gap = line["place"].to_numpy(float) + aside, line["gap"].to_numpy(float)
        axes.plot(at, gap, color=colour, marker=marker, markersize=5, linewidth=1.6, label=row)
        low, high = line["low"].to_numpy(float), line["high"].to_numpy(float)
        for x, ends in zip(at, np.stack([low, high], axis=1), strict=True):
            axes.plot([x, x], ends, color=colour, linewidth=1, alpha=0.6)
    columns = frame.drop_duplicates("place").sort_values("place")["at"]
    words = ["before\nSFT" if at == BEFORE else "after\nRL" if " > " in at else "after\nSFT" for at in columns]
    axes.set_xticks(range(len(words)), words)
    axes.set_xlim(-0.35, len(words) - 0.65)
    keep_readable(axes, frame["gap"].tolist(), upwards=True)
    axes.axhline(0, color="#7f8c99", linewidth=1)
    axes.set_title(f"SFT {frame['chain'].iloc[0]}", loc="left")
    axes.grid(visible=True, axis="y")


def _share_scale(panels: list[Axes], across: int) -> None:
    lowest, highest = (end(axes.get_ylim()[place] for axes in panels) for place, end in enumerate((min, max)))
    for place, axes in enumerate(panels):
        axes.set_ylim(lowest, highest)
        if place % across == 0:
            axes.set_ylabel("gap (points)")
