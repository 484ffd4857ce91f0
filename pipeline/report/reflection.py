"""Reflection against pretraining compute: the metrics of `tasks.reflection` over the checkpoints of each line.

Compute is the FLOPs of the ledgers, counted while the phases ran; the paper (arXiv 2504.04022, section 4.3) takes
6 x parameters x tokens. Self-reflection is compared on the questions that all checkpoints of a suite and seed get
wrong. `measured` reads an eval's rows; `reflection_curves` needs nothing but rows, from wherever they come.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from pipeline.core.scores import SCORE_SCHEMA
from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.learning import phases_of
from pipeline.report.results import StageResult
from pipeline.tasks.reflection.metrics import KINDS, SELF, SITUATIONAL, cell, common_wrong, of_problems

METRICS = (
    *("accuracy", "accuracy_low", "accuracy_high", "explicit_rate", "explicit_accuracy", "implicit_accuracy"),
    *("copy_rate", "gap", "prefers_gold"),
)
COLUMNS = ["line", "seed", "suite", "flops", "setting", "trigger", "n", *METRICS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One checkpoint of a line, the compute it took, and its rows."""

    line: str
    seed: int
    flops: float
    rows: pd.DataFrame  # of an eval; only those of reflection are looked at


def measured(models: Sequence[Checkpoint]) -> list[Measured]:
    """Every checkpoint of pretraining with reflection rows, those kept on the way included; each artifact once."""
    seen: set[Path] = set()
    found: list[Measured] = []
    for model in models:
        for flops, evaluation in _evaluations(model) if model.sft == BEFORE else ():
            rows = None if evaluation.folder in seen else _read(evaluation.folder / "rows.parquet")
            seen.add(evaluation.folder)
            if rows is not None and len(rows):
                found.append(Measured(line=model.pretrain, seed=model.seed, flops=flops, rows=rows))
    return found


def reflection_curves(points: Sequence[Measured]) -> pd.DataFrame:
    """COLUMNS, one row a checkpoint, suite, setting and trigger, by rising compute within a line. Shares are 0 to 1."""
    found: list[dict[str, object]] = []
    for point in points:
        for suite, rows in point.rows[point.rows["kind"].isin(KINDS)].groupby("suite", sort=True):
            shared = common_wrong([_of(other.rows, str(suite)) for other in points if other.seed == point.seed])
            for setting in (SITUATIONAL, SELF):
                shown = rows[rows["kind"] == setting]
                kept = of_problems(shown, shared) if setting == SELF else shown
                for trigger, part in kept.groupby("trigger", sort=False):
                    names = {"line": point.line, "seed": point.seed, "suite": suite, "flops": point.flops}
                    found.append({**names, "setting": setting, "trigger": trigger, **cell(part)})
    frame = pd.DataFrame(found, columns=COLUMNS).astype(dict.fromkeys(METRICS, float))
    return frame.sort_values(["line", "seed", "suite", "flops"], kind="stable").reset_index(drop=True)


def correlations(curves: pd.DataFrame, metric: str) -> pd.DataFrame:
    """suite, setting, trigger, checkpoints, pearson: a metric against log compute, over all lines (their section 5).

    curves: of `reflection_curves`. NaN where compute or metric do not vary, or there are fewer than three checkpoints.
    """
    rows: list[tuple[object, ...]] = []
    for key, part in curves[curves[metric].notna()].groupby(["suite", "setting", "trigger"], sort=False):
        rows.append((*key, len(part), _pearson(np.log(part["flops"].to_numpy(float)), part[metric].to_numpy(float))))
    return pd.DataFrame(rows, columns=["suite", "setting", "trigger", "checkpoints", "pearson"])


def _evaluations(model: Checkpoint) -> Iterator[tuple[float, StageResult]]:
    """(FLOPs since the first step, evaluation) of each kept checkpoint and of the last one."""
    spent = 0.0
    for key, stage in phases_of(model):
        for name, evaluation in model.arm.stages.items():
            if name.startswith(f"eval:{key}@"):
                share = int(name.rpartition("@")[2]) / stage.ledger.input_tokens
                yield spent + share * stage.ledger.flops, evaluation
        spent += stage.ledger.flops
    if model.evaluation is not None:
        yield spent, model.evaluation


def _read(path: Path) -> pd.DataFrame | None:
    """The rows of reflection; None where the eval is older than their columns."""
    if not set(SCORE_SCHEMA.names) <= set(pq.read_schema(path).names):
        return None
    return pd.read_parquet(path, filters=[("kind", "in", KINDS)])


def _of(rows: pd.DataFrame, suite: str) -> pd.DataFrame:
    return rows[rows["suite"] == suite]


def _pearson(left: np.ndarray, right: np.ndarray) -> float:
    """Of two float arrays (N,)."""
    if len(left) < 3 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])
