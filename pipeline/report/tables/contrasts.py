"""Differences as tables: one a side, accuracy and the other metrics next to each other."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.scores import Metric
from pipeline.report.table import Cell, Column, Table, bracket, head, number, text_cell

_CAPTIONS = {
    "pretraining": "What the pretrain mix changes: each mix minus {row}, at the same SFT (points)",
    "SFT": "What the SFT mix changes: each mix minus {column}, at the same pretraining (points)",
}
_NOTE = (
    "Paired: both sides answer the same problems. Brackets: 95 %, over problems within one seed, "
    "over seeds (Student's t) where there are several. None is corrected for their number: "
    "verdicts come with claims; these are differences."
)


def contrast_table(frame: pd.DataFrame, side: str, metrics: Sequence[Metric], baselines: tuple[str, str]) -> Table:
    """Contrasts of one side, one row each; metrics without any value are left out."""
    mine = frame[frame["side"] == side].reset_index(drop=True)
    shown = [metric for metric in metrics if metric.name in set(mine["metric"])]
    effects: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for record in records(mine):
        effects.setdefault((record["contrast"], record["at"]), {})[record["metric"]] = record
    rows = [
        [head(contrast), text_cell(at), *(_cell(by_metric.get(metric.name)) for metric in shown), _basis(by_metric)]
        for (contrast, at), by_metric in effects.items()
    ]
    words = [Column(title="contrast", is_number=False), Column(title="at", is_number=False)]
    titles = [f"{metric.title} ({metric.unit})" if metric.unit != "%" else metric.title for metric in shown]
    return Table(
        name=f"differences_{side.lower()}",
        caption=_CAPTIONS[side].format(row=baselines[0], column=baselines[1]),
        columns=[*words, *(Column(title=title) for title in titles), Column(title="seeds x problems", is_number=False)],
        rows=rows,
        frame=mine,
        note=_NOTE,
        is_long=True,
    )


def _cell(record: dict[str, Any] | None) -> Cell:
    if record is None:
        return number(float("nan"))
    return number(record["effect"], "+.1f", sub=bracket(record["low"], record["high"], "+.1f"))


def _basis(by_metric: dict[str, dict[str, Any]]) -> Cell:
    """Of the first metric that is there: accuracy, where it was measured."""
    first = next(iter(by_metric.values()))
    return text_cell(f"{first['seeds']} x {first['problems']}")
