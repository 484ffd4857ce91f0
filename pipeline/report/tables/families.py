"""Accuracy by family, domain and depth with the format share below it, the look-up control, bits per byte."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.report.balance import uneven
from pipeline.report.checkpoints import BEFORE, anchor_of, column_title
from pipeline.report.frames import records
from pipeline.report.table import Cell, Column, Table, head, number

_NAN = float("nan")
HELD_OUT_MARK = "\u00a0†"
_SMALL = "Small: the share of well-formed answers (% ok), right or wrong; it bounds the accuracy."
_Point = tuple[str, str]  # row and column of the grid


def family_table(frame: pd.DataFrame) -> Table:
    """Checkpoints by families, tinted; held-out families last and marked."""
    families = records(frame[["held_out", "domain", "task"]].drop_duplicates())
    titles = {family["task"]: family["task"] + (HELD_OUT_MARK if family["held_out"] else "") for family in families}
    names = [name for name in dict.fromkeys(family["domain"] for family in families) if name]
    domains = "; ".join(_domain(families, name) for name in names)
    return Table(
        name="families",
        caption="Accuracy (%) by family and checkpoint; † held out: no corpus trains it",
        columns=[_MODEL, *(Column(title=title) for title in titles.values())],
        rows=_rows(frame, "task", list(titles)),
        frame=frame,
        note=(
            f"Families tend to switch on whole, so read rows, not only averages. {_SMALL} Domains: {domains}."
            if domains
            else _SMALL
        )
        + uneven(frame["seeds"]),
        is_long=True,
    )


def domain_table(frame: pd.DataFrame) -> Table:
    """Checkpoints by domains, tinted; held-out families as domains of their own."""
    keyed = frame.assign(key=[_domain_key(r) for r in records(frame)])
    return Table(
        name="domains",
        caption="Accuracy (%) by domain and checkpoint; † of families that no corpus trains",
        columns=[_MODEL, *(Column(title=key) for key in dict.fromkeys(keyed["key"]))],
        rows=_rows(keyed, "key", list(dict.fromkeys(keyed["key"]))),
        frame=frame,
        note=_SMALL + uneven(frame["seeds"]),
        is_long=True,
    )


def depth_table(frame: pd.DataFrame) -> Table:
    """Checkpoints by depth: true reasoning steps from question to answer."""
    depths = sorted({int(depth) for depth in frame["depth"]})
    return Table(
        name="depth",
        caption="Accuracy (%) by depth: reasoning steps from question to answer",
        columns=[_MODEL, *(Column(title=f"{depth}") for depth in depths)],
        rows=_rows(frame, "depth", depths),
        frame=frame,
        note=_SMALL + uneven(frame["seeds"]),
        is_long=True,
    )


def _rows(frame: pd.DataFrame, key: str, columns: Sequence[Any]) -> list[list[Cell]]:
    """One row a checkpoint: accuracy tinted, the share of well-formed answers below it."""
    values = {(r["pretrain"], r["sft"], r[key]): (r["accuracy"], r["format"]) for r in records(frame)}
    rows: list[list[Cell]] = []
    for point in _points(frame):
        cells = [_heat(*values.get((*point, column), (_NAN, _NAN))) for column in columns]
        rows.append([Cell(text=_name(*point), sort=_name(*point), link=f"#{anchor_of(*point)}"), *cells])
    return rows


def lookup_tables(frame: pd.DataFrame, points: Sequence[_Point]) -> list[Table]:
    """The control of the answer format: correct, and well-formed."""
    says = "Look-up questions (%), whose answer stands in the text: answered"
    parts = (("accuracy", "correctly"), ("format", "in the format"))
    return [
        _crossed(frame, points, value, ".1f", name=f"lookup_{value}", caption=f"{says} {how}") for value, how in parts
    ]


def bits_tables(frame: pd.DataFrame, points: Sequence[_Point]) -> list[Table]:
    """Bits per byte of text that nobody trained on, one table a corpus; mean over seeds."""
    tables: list[Table] = []
    for corpus in dict.fromkeys(frame["corpus"]):
        mine = frame[frame["corpus"] == corpus].reset_index(drop=True)
        caption = f"Bits per byte of held-out {corpus} text (lower is better)"
        tables.append(_crossed(mine, points, "bits_per_byte", ".3f", name=f"bits_per_byte_{corpus}", caption=caption))
    return tables


def _crossed(frame: pd.DataFrame, points: Sequence[_Point], value: str, form: str, *, name: str, caption: str) -> Table:
    """Rows by columns of the sweep, as in the grid: blank where it asks for no such checkpoint."""
    means = frame.groupby(["pretrain", "sft"], sort=False)[value].mean().to_dict()
    rows = list(dict.fromkeys(row for row, _ in points))
    columns = sorted(dict.fromkeys(column for _, column in points), key=lambda column: column != BEFORE)

    def cell(point: _Point) -> Cell:
        return number(float(means.get(point, _NAN)), form) if point in points else Cell(text="")

    titles = [column_title(column) for column in columns]
    counts = frame["seeds"] if "seeds" in frame else frame.groupby(["pretrain", "sft"])["seed"].nunique()
    return Table(
        name=name,
        caption=caption,
        columns=[Column(title="pretraining", is_number=False), *(Column(title=title) for title in titles)],
        rows=[[head(row), *(cell((row, column)) for column in columns)] for row in rows],
        frame=frame,
        note=uneven(counts).strip(),
    )


_MODEL = Column(title="checkpoint", is_number=False)


def _points(frame: pd.DataFrame) -> list[tuple[str, str]]:
    points = dict.fromkeys(zip(frame["pretrain"], frame["sft"], strict=True))
    return sorted(points, key=lambda point: point[1] != BEFORE)


def _name(pretrain: str, sft: str) -> str:
    return pretrain if sft == BEFORE else f"{pretrain} > {sft}"


def _domain(families: list[dict[str, Any]], name: str) -> str:
    return f"{name}: {', '.join(family['task'] for family in families if family['domain'] == name)}"


def _domain_key(row: dict[str, Any]) -> str:
    return f"{row['domain'] or 'other'}{HELD_OUT_MARK if row['held_out'] else ''}"


def _heat(percent: float, form: float) -> Cell:
    below = "" if math.isnan(form) else f"{form:.0f} ok"
    return number(percent, ".0f", sub=below, heat=percent / 100.0)
