"""Differences between checkpoints, paired: every checkpoint of a seed answers the same problems.

Pretraining side: each row minus the baseline row, in the same column. SFT side: each column minus the baseline
column, in the same row. They are differences with intervals; verdicts come with claims.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint, columns_of, points_of, rows_of
from pipeline.report.intervals import of_paired, over_seeds
from pipeline.report.scores import PROBLEM, Metric, by_cell, problem_values

PRETRAINING, SFT = "pretraining", "SFT"
COLUMNS = [
    "side", "contrast", "at", "metric", "unit", "effect", "low", "high", "over", "seeds", "problems",
]  # fmt: skip
_Point = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Contrast:
    side: str
    treated: _Point
    control: _Point

    @property
    def names(self) -> dict[str, str]:
        place, index = (1, 0) if self.side == PRETRAINING else (0, 1)
        where = self.treated[place]
        if self.side == PRETRAINING:
            at = where if where == BEFORE else f"after SFT on {where}"
        else:
            at = f"pretrained on {where}"
        return {"side": self.side, "contrast": f"{self.treated[index]} − {self.control[index]}", "at": at}


def differences(
    models: Sequence[Checkpoint], scores: pd.DataFrame, metrics: Sequence[Metric], *, baselines: _Point
) -> pd.DataFrame:
    """COLUMNS for every contrast and metric that both sides have scores for. baselines: row and column."""
    found: list[dict[str, Any]] = []
    for metric in metrics:
        values = by_cell(problem_values(scores, metric))
        for contrast in _contrasts(models, baselines):
            if contrast.treated in values and contrast.control in values:
                effect = _effect(values[contrast.treated], values[contrast.control], metric)
                if effect:
                    found.append(contrast.names | {"metric": metric.name, "unit": metric.unit} | effect)
    return pd.DataFrame(found, columns=COLUMNS)


def baselines_of(models: Sequence[Checkpoint], pretrain: str, sft: str) -> _Point:
    """The asked baselines where the sweep has them; else its first row and its first SFT column."""
    rows, columns = rows_of(models), [column for column in columns_of(models) if column != BEFORE]
    first_row, first_column = (rows or [pretrain])[0], (columns or [sft])[0]
    return (pretrain if pretrain in rows else first_row, sft if sft in columns else first_column)


def _contrasts(models: Sequence[Checkpoint], baselines: _Point) -> Iterator[_Contrast]:
    points = points_of(models)
    row, column = baselines
    for sft in columns_of(models):
        for pretrain in rows_of(models):
            if pretrain != row and (pretrain, sft) in points and (row, sft) in points:
                yield _Contrast(PRETRAINING, (pretrain, sft), (row, sft))
    for pretrain in rows_of(models):
        for sft in columns_of(models):
            if sft not in (BEFORE, column) and (pretrain, sft) in points and (pretrain, column) in points:
                yield _Contrast(SFT, (pretrain, sft), (pretrain, column))


def _effect(treated: pd.DataFrame, control: pd.DataFrame, metric: Metric) -> dict[str, Any]:
    """Effect and interval over the seeds and problems that both sides share; empty where they share none."""
    keys = ["seed", *PROBLEM]
    pairs = treated[[*keys, "value"]].merge(control[[*keys, "value"]], on=keys, validate="one_to_one")
    if pairs.empty:
        return {}
    pairs = pairs.assign(difference=pairs["value_x"] - pairs["value_y"])
    by_seed = pairs.groupby("seed")["difference"].mean().to_numpy(dtype=float)
    is_one = len(by_seed) == 1
    values = pairs["difference"].to_numpy(dtype=float)
    ends = of_paired(values, metric.scale) if is_one else over_seeds(by_seed)
    return {
        "effect": float(np.mean(by_seed)),
        "low": ends.low,
        "high": ends.high,
        "over": "problems" if is_one else "seeds",
        "seeds": len(by_seed),
        "problems": round(len(pairs) / len(by_seed)),
    }
