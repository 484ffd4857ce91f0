"""Lines: accuracy by depth before and after SFT, and loss against tokens."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.balance import uneven
from pipeline.report.checkpoints import Checkpoint, column_title, columns_of, rows_of
from pipeline.report.figures.draw import COLOURS, INK, MARKERS, Drawing, canvas, legend_below, marker_of, save, styled
from pipeline.report.learning import PRETRAINING, SFT, SHARED

LEAST_TOP = 10.0  # percent: where all is at zero the scale is still one of accuracies
_DASHES = ("-", "--", "-.", ":")


@styled
def depth_lines(models: Sequence[Checkpoint], frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """One panel a column of the grid, one line a row. frame: `breakdown.by_depth`."""
    present = set(frame["sft"])
    columns, rows = [column for column in columns_of(models) if column in present], rows_of(models)
    if not columns:
        return None
    across = min(4, len(columns))
    down = -(-len(columns) // across)
    figure, panels = canvas(2.35 * across + 0.6, 2.1 * down + 0.5, down, across)
    for axes, column in zip(panels, columns, strict=False):
        _depth_panel(axes, frame[frame["sft"] == column], rows, column_title(column))
    _share_scale(panels[: len(columns)], across)
    for axes in panels[len(columns) :]:
        axes.set_visible(False)
    legend_below(figure, panels)
    alt = f"{len(columns)} small panels of accuracy against depth, one line a pretrain mix; numbers in the table below."
    caption = f"Accuracy (%) against depth, one line a pretrain mix.{uneven(frame['seeds'])}"
    return save(figure, "depth", folder, caption=caption, alt=alt)


@styled
def loss_lines(models: Sequence[Checkpoint], frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """Training loss against tokens; pretraining left, SFT right. frame: `learning.curves`."""
    parts = [part for part in (PRETRAINING, SFT) if part in set(frame["part"])]
    if not parts:
        return None
    figure, panels = canvas(4.6 * len(parts), 3.2, 1, len(parts))
    for axes, part in zip(panels, parts, strict=True):
        _loss_panel(axes, frame[frame["part"] == part], rows_of(models), part)
    caption = "Training loss against tokens: the shared trunk, then each branch; SFT counts from its own start."
    alt = "Training loss falls with tokens; one line a run, coloured by pretrain mix."
    legend_below(figure, panels)
    return save(figure, "curves", folder, caption=caption, alt=alt)


@styled
def score_lines(models: Sequence[Checkpoint], frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """Accuracy of checkpoints kept on the way; pretraining left, SFT right. frame: `kept.kept_scores`."""
    parts = [part for part in (PRETRAINING, SFT) if part in set(frame["part"])]
    if not parts:
        return None
    figure, panels = canvas(4.6 * len(parts), 3.2, 1, len(parts))
    for axes, part in zip(panels, parts, strict=True):
        _score_panel(axes, frame[frame["part"] == part], rows_of(models), part)
    legend_below(figure, panels)
    caption = "Accuracy (%) of checkpoints kept on the way, against tokens; in SFT those that carry loss."
    alt = "Accuracy against tokens; one line a run, coloured by pretrain mix; numbers in the table below."
    return save(figure, "kept", folder, caption=caption, alt=alt)


def _score_panel(axes: Axes, frame: pd.DataFrame, rows: list[str], part: str) -> None:
    seeds = sorted(set(frame["seed"]))
    named: set[str] = set()
    for (line, seed), points in frame.groupby(["line", "seed"], sort=False):
        row = str(line).partition(" > ")[0]
        colour, marker = (kinds[rows.index(row) % len(kinds)] for kinds in (COLOURS, MARKERS))
        label = row if row not in named else None
        named.add(row)
        dashes = _DASHES[seeds.index(seed) % len(_DASHES)]
        at = points.sort_values("tokens")
        axes.plot(at["tokens"] / 1e6, at["accuracy"], dashes, color=colour, marker=marker, markersize=4, label=label)
    axes.set_title(part, loc="left")
    axes.set_xlabel("million tokens")
    axes.set_ylabel("accuracy (%)")
    axes.grid(visible=True, axis="y")


def _depth_panel(axes: Axes, frame: pd.DataFrame, rows: list[str], title: str) -> None:
    for row in rows:
        line = frame[frame["pretrain"] == row].sort_values("depth")
        if len(line):
            kind = rows.index(row)
            colour, marker = COLOURS[kind % len(COLOURS)], marker_of(kind)
            axes.plot(line["depth"], line["accuracy"], color=colour, marker=marker, markersize=4, label=row)
    axes.set_title(title, loc="left")
    axes.set_xticks(sorted(set(frame["depth"])))
    axes.grid(visible=True, axis="y")


def _share_scale(panels: list[Axes], across: int) -> None:
    """One vertical scale for all, so that panels can be compared."""
    highest = max(axes.get_ylim()[1] for axes in panels)
    for place, axes in enumerate(panels):
        axes.set_ylim(0, max(highest, LEAST_TOP))
        axes.set_xlabel("depth")
        if place % across == 0:
            axes.set_ylabel("accuracy (%)")


def _loss_panel(axes: Axes, frame: pd.DataFrame, rows: list[str], part: str) -> None:
    seeds = sorted(set(frame["seed"]))
    named: set[str] = set()
    for (line, seed, _), curve in frame.groupby(["line", "seed", "phase"], sort=False):
        row = str(line).partition(" > ")[0]
        kind = rows.index(row) if row in rows else 0
        colour = INK if line == SHARED else COLOURS[kind % len(COLOURS)]
        label = row if row not in named else None
        named.add(row)
        dashes = _DASHES[seeds.index(seed) % len(_DASHES)]
        axes.plot(curve["tokens"] / 1e6, curve["loss"], dashes, color=colour, linewidth=1.1, label=label)
    axes.set_title(part, loc="left")
    axes.set_xlabel("million tokens")
    axes.set_ylabel("loss (nats a token)")
    axes.grid(visible=True, axis="y")
