"""One value a problem, and of those one number a checkpoint: shares in points (0 to 100), bits as they are."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from pipeline.verdict.results import Measured

KEYS = ["suite", "task", "problem"]
TRAITS = ["domain", "held_out", "lookup"]
_COLUMNS = [*KEYS, *TRAITS, "kind", "correct", "well_formed", "gold_probability", "gold", "chance"]
NUM_KEPT = 4096  # tables of values in memory: a claim asks again what another has asked


@dataclass(frozen=True, slots=True)
class Metric:
    """Which rows, and which of their columns."""

    kind: str
    column: str


METRICS = {
    "accuracy": Metric("greedy", "correct"),
    "graded": Metric("graded", "gold_probability"),
    "format": Metric("greedy", "well_formed"),
}
BITS = "bits_per_byte"


def problem_values(checkpoint: Measured, metric: str) -> pd.DataFrame:
    """KEYS, TRAITS and `value`, in points; several traces count as one.

    Of the first suite (the recipe's own), and of the controls that only another suite asks (knowledge, instructions).
    """
    return _problem_values(checkpoint.rows, metric)


@lru_cache(maxsize=NUM_KEPT)
def _problem_values(path: Path, metric: str) -> pd.DataFrame:
    rows = _read(path)
    asked = METRICS[metric]
    chosen = rows[(rows["kind"] == asked.kind) & rows[asked.column].notna()]
    values = chosen.assign(value=100.0 * chosen[asked.column].astype(float))
    return values.groupby([*KEYS, *TRAITS], sort=True, dropna=False)["value"].mean().reset_index()


def guess_values(checkpoint: Measured) -> pd.DataFrame:
    """KEYS, TRAITS and `value`: the points that need no reading, the same for all problems of a family.

    A guesser gives the family's most common answer, or chooses blindly among choices, whichever is right more often.
    """
    return _guess_values(checkpoint.rows)


@lru_cache(maxsize=NUM_KEPT)
def _guess_values(path: Path) -> pd.DataFrame:
    rows = _read(path)
    asked = rows[rows["kind"] == METRICS["accuracy"].kind].drop_duplicates(KEYS)
    families = asked.groupby(["suite", "task"], sort=False)
    constant = families["gold"].transform(lambda gold: gold.value_counts(normalize=True).iloc[0])
    blind = asked["chance"].fillna(0.0).astype(float).groupby([asked["suite"], asked["task"]]).transform("mean")
    return asked[[*KEYS, *TRAITS]].assign(value=100.0 * np.maximum(constant.astype(float), blind))


@lru_cache(maxsize=64)
def _read(path: Path) -> pd.DataFrame:
    rows = pd.read_parquet(path, columns=_COLUMNS)
    rows = rows[rows["kind"].isin({metric.kind for metric in METRICS.values()})]
    if rows.empty:
        return rows
    is_first = rows["suite"] == rows["suite"].iloc[0]
    is_control = rows["lookup"].astype(bool) & ~rows["task"].isin(set(rows.loc[is_first, "task"]))
    return rows[is_first | is_control]


def bits_per_byte(checkpoint: Measured) -> float:
    """Mean over the base corpora of the bits per byte of their unseen text; NaN where none was scored."""
    summary = orjson.loads(checkpoint.summary.read_bytes())
    values: list[float] = list(summary.get(BITS, {}).values())
    return sum(values) / len(values) if values else float("nan")
