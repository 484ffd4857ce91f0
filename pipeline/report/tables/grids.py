"""The pretrain x SFT grid as tables: the product first, the single points beside it after."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint, anchor_of, column_title, columns_of, points_of, rows_of
from pipeline.report.frames import records
from pipeline.report.scores import ACCURACY, Metric
from pipeline.report.table import MISSING, Cell, Column, Table, bracket, head, number

SPREAD = "[low, high]: 95 % over problems, from one seed. low to high: lowest and highest seed, with their sd."


def grid_tables(models: Sequence[Checkpoint], cells: pd.DataFrame, metric: Metric) -> list[Table]:
    """The grid of one metric, and the points outside it where the sweep has some; none where nothing has scores."""
    frame = cells[cells["metric"] == metric.name].reset_index(drop=True)
    if frame["mean"].notna().sum() == 0 and metric.name != ACCURACY.name:
        return []
    inside = main_columns(models)
    extra = [point for point in points_of(models) if point[1] not in inside]
    tables = [_grid(models, frame, metric, inside)]
    return [*tables, _points(frame, metric, extra)] if extra else tables


def main_columns(models: Sequence[Checkpoint]) -> list[str]:
    """Columns that cross at least two rows; all of them where none does."""
    counts = Counter(sft for _, sft in points_of(models))
    crossing = [column for column in columns_of(models) if counts[column] > 1 or column == BEFORE]
    return crossing if len(crossing) > 1 else columns_of(models)


def cell_text(cell: dict[str, Any], digits: int = 1) -> tuple[str, str]:
    """A cell's mean and how sure it is, as two short texts."""
    if not cell["seeds"]:
        return MISSING, ""
    parts = [bracket(cell["low"], cell["high"], f".{digits}f")]
    if cell["seeds"] > 1:
        parts = [f"{cell['min']:.{digits}f} to {cell['max']:.{digits}f}", f"sd {cell['sd']:.{digits}f}"]
    if cell["seeds"] < cell["seeds_asked"]:
        parts.append(f"{cell['seeds']} of {cell['seeds_asked']} seeds")
    if cell["stale"]:
        parts.append("stale")
    sub = ", ".join(part.replace(" ", "\u00a0") for part in parts if part)  # breaks between parts, not within
    return f"{cell['mean']:.{digits}f}", sub


def _grid(models: Sequence[Checkpoint], frame: pd.DataFrame, metric: Metric, columns: list[str]) -> Table:
    by_point = _by_point(frame)
    rows = [[head(row), *(_cell(by_point.get((row, column))) for column in columns)] for row in rows_of(models)]
    titles = [column_title(column) for column in columns]
    return Table(
        name=f"grid_{metric.name}",
        caption=f"{metric.title} ({metric.unit}): rows are pretrain mixes, columns what came after",
        columns=[Column(title="pretraining", is_number=False), *(Column(title=title) for title in titles)],
        rows=rows,
        frame=frame,
        is_long=metric.name != ACCURACY.name,
    )


def _points(frame: pd.DataFrame, metric: Metric, points: list[tuple[str, str]]) -> Table:
    by_point = _by_point(frame)
    rows: list[list[Cell]] = []
    for row, column in points:
        before, after = by_point.get((row, BEFORE)), by_point.get((row, column))
        rows.append([head(f"{row} > {column}"), _cell(before), _cell(after)])
    shown = frame[[point in points for point in zip(frame["pretrain"], frame["sft"], strict=True)]]
    return Table(
        name=f"points_{metric.name}",
        caption=f"{metric.title} ({metric.unit}): points outside the grid",
        columns=[Column(title="arm", is_number=False), Column(title=BEFORE), Column(title="after SFT")],
        rows=rows,
        frame=shown.reset_index(drop=True),
        is_long=metric.name != ACCURACY.name,
    )


def _by_point(frame: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["pretrain"], cell["sft"]): cell for cell in records(frame)}


def _cell(cell: dict[str, Any] | None) -> Cell:
    """Blank where the sweep asks for no such arm, MISSING where it is not built."""
    if cell is None:
        return Cell(text="")
    link = f"#{anchor_of(cell['pretrain'], cell['sft'])}"
    text, sub = cell_text(cell)
    if text == MISSING:
        return Cell(text=MISSING, link=link)
    heat = cell["mean"] / 100 if cell["unit"] == "%" else None  # one scale for all metrics, so that tints compare
    return number(cell["mean"], ".1f", sub=sub, link=link, heat=heat)
