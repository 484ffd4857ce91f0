"""The grid: every cell's mean, and how sure it is. One row a metric, row and column of the sweep."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.report.checkpoints import Checkpoint, points_of
from pipeline.report.intervals import NONE, of_mean
from pipeline.report.scores import Metric, by_cell, problem_values

COLUMNS = [
    "metric", "unit", "pretrain", "sft", "mean", "low", "high", "sd", "min", "max", "seeds", "seeds_asked", "problems",
    "stale",
]  # fmt: skip


def grid(models: Sequence[Checkpoint], scores: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """COLUMNS for every metric and cell. mean: over seeds of the means over problems, NaN where nothing is built.

    low, high: 95 % over problems, where one seed is in; sd, min, max: over seeds, where several are; stale: how many
    of its checkpoints no longer follow from their parents.
    """
    asked = Counter((model.pretrain, model.sft) for model in models)
    stale = Counter((model.pretrain, model.sft) for model in models if model.stale)
    cells: list[dict[str, Any]] = []
    for metric in metrics:
        values = by_cell(problem_values(scores, metric))
        for point in points_of(models):
            cell = _cell(values[point], metric) if point in values else _empty()
            names = {"metric": metric.name, "unit": metric.unit, "pretrain": point[0], "sft": point[1]}
            cells.append(names | cell | {"seeds_asked": asked[point], "stale": stale[point]})
    return pd.DataFrame(cells, columns=COLUMNS)


def _cell(values: pd.DataFrame, metric: Metric) -> dict[str, float]:
    means = values.groupby("seed")["value"].mean().to_numpy(dtype=float)
    is_one = len(means) == 1
    ends = of_mean(values["value"].to_numpy(dtype=float), metric.scale) if is_one else NONE
    spread = (np.nan,) * 3 if is_one else (means.std(ddof=1), means.min(), means.max())
    return {
        "mean": float(means.mean()),
        "low": ends.low,
        "high": ends.high,
        "sd": float(spread[0]),
        "min": float(spread[1]),
        "max": float(spread[2]),
        "seeds": len(means),
        "problems": round(len(values) / len(means)),
    }


def _empty() -> dict[str, float]:
    return dict.fromkeys(("mean", "low", "high", "sd", "min", "max"), float("nan")) | {"seeds": 0, "problems": 0}
