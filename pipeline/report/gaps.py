"""The gap that a pretraining mix opens, before SFT, after it and after RL: does it close, stay or grow?

For each row against the baseline row, in one chain of training (before SFT, after SFT on X, after RL on X): the paired
difference at each point, and how it changed since before SFT - a difference of differences, on the same problems.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint, points_of, rows_of
from pipeline.report.intervals import Interval, of_paired, over_seeds
from pipeline.report.scores import ACCURACY, PROBLEM, by_cell, problem_values

COLUMNS = [
    "chain", "pretrain", "baseline", "at", "place", "gap", "low", "high", "change", "change_low", "change_high", "over",
    "seeds", "problems",
]  # fmt: skip
_Values = dict[tuple[str, str], pd.DataFrame]


def gaps(models: Sequence[Checkpoint], scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """COLUMNS in points of accuracy; place: 0 before SFT, 1 after, 2 after RL; change: since before SFT."""
    values = by_cell(problem_values(scores, ACCURACY))
    found: list[dict[str, Any]] = []
    for chain in _chains(models):
        for row in rows_of(models):
            cells = [(row, baseline, column) for column in chain]
            if row != baseline and all((name, at) in values for name, _, at in cells for name in (row, baseline)):
                found += _walk(values, row, baseline, chain)
    return pd.DataFrame(found, columns=COLUMNS)


def _chains(models: Sequence[Checkpoint]) -> Iterator[tuple[str, ...]]:
    """Columns that follow on each other: before SFT, an SFT, and an RL after it where there is one."""
    points = points_of(models)
    tuned = dict.fromkeys(model.sft for model in models if model.sft != BEFORE and model.stage == "sft")
    reinforced = dict.fromkeys(model.sft for model in models if model.stage == "rl")
    for sft in tuned:
        if sum(column == sft for _, column in points) > 1:
            yield (BEFORE, sft)
    for column in reinforced:
        sft = next((name for name in tuned if column.startswith(f"{name} > ")), None)
        if sft is not None and sum(other == column for _, other in points) > 1:
            yield (BEFORE, sft, column)


def _walk(values: _Values, row: str, baseline: str, chain: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    first: pd.DataFrame | None = None
    walked = [_minus(values[row, at], values[baseline, at]) for at in chain]
    whole = set.intersection(*(set(gap["seed"]) for gap in walked))  # the same seeds all the way
    for place, (at, all_seeds) in enumerate(zip(chain, walked, strict=True)):
        gap = all_seeds[all_seeds["seed"].isin(whole)]
        first = gap if first is None else first
        change = _minus(gap, first)
        if gap.empty or change.empty:
            return
        low, high = _ends(gap)
        since = _ends(change) if place else Interval(float("nan"), float("nan"))
        by_seed = gap.groupby("seed")["value"].mean()
        yield {
            "chain": chain[-1],
            "pretrain": row,
            "baseline": baseline,
            "at": at,
            "place": place,
            "gap": float(by_seed.mean()),
            "low": low,
            "high": high,
            "change": float(change.groupby("seed")["value"].mean().mean()) if place else float("nan"),
            "change_low": since.low,
            "change_high": since.high,
            "over": "problems" if len(by_seed) == 1 else "seeds",
            "seeds": len(by_seed),
            "problems": round(len(gap) / len(by_seed)),
        }


def _minus(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Problem by problem: seed, PROBLEM, value; those that both have."""
    keys = ["seed", *PROBLEM]
    pairs = left[[*keys, "value"]].merge(right[[*keys, "value"]], on=keys, validate="one_to_one")
    return pairs.assign(value=pairs["value_x"] - pairs["value_y"])[[*keys, "value"]]


def _ends(differences: pd.DataFrame) -> Interval:
    by_seed = differences.groupby("seed")["value"].mean().to_numpy(dtype=float)
    values = differences["value"].to_numpy(dtype=float)
    return of_paired(values, ACCURACY.scale) if len(by_seed) == 1 else over_seeds(np.asarray(by_seed))
