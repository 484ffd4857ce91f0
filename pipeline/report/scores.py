"""What is measured: metrics by name, each a mean over problems, read from the per-problem rows alone.

Reads `rows.parquet` of every eval artifact (`core.scores.SCORE_SCHEMA`). Nothing here trusts a mean that
another stage has computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.results import StageResult
from pipeline.tasks.world.lookup import LOOKUP

MODEL = ["pretrain", "sft", "seed"]  # columns that name a checkpoint
PROBLEM = ["suite", "task", "problem"]  # columns that name a problem
_TRAITS = ["domain", "depth", "held_out", "lookup"]
_MEASURED = ["correct", "well_formed", "gold_probability", "gold_logprob", "chance"]
_READ = [*PROBLEM, *_TRAITS, *_MEASURED, "kind", "gold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A mean over problems; a problem with several traces counts once."""

    name: str
    title: str
    column: str
    says: str
    kind: str = ""  # rows it reads; empty: every row that has a value
    held_out: bool = False  # families that no corpus trains, or the trained ones
    lookup: bool = False  # the control of the answer format, which counts in no other metric
    scale: float = 100.0  # from a share to the unit
    unit: str = "%"


ACCURACY = Metric(
    name="accuracy",
    title="Accuracy",
    column="correct",
    kind="greedy",
    says="exact match of the freely generated answer (greedy), over families that the corpora train",
)
GRADED = Metric(
    name="graded",
    title="Gold-answer probability",
    column="gold_probability",
    kind="graded",
    says="the graded metric: probability of the gold answer after the model's own sampled trace, averaged over traces",
)
FORMAT = Metric(
    name="format",
    title="Answer-format share",
    column="well_formed",
    kind="greedy",
    says="share of problems with a well-formed answer, right or wrong; the ceiling of the accuracy",
)
HELD_OUT = Metric(
    name="held_out",
    title="Accuracy on held-out families",
    column="correct",
    kind="greedy",
    held_out=True,
    says="exact match over families that no corpus trains, though they share primitives with those that are",
)
LOGPROB = Metric(
    name="logprob",
    title="Gold-answer log-probability",
    column="gold_logprob",
    kind="greedy",
    scale=1.0,
    unit="nats",
    says="log-probability of the gold answer right after the question; it scores style as much as skill",
)
METRICS = (ACCURACY, GRADED, FORMAT, HELD_OUT, LOGPROB)
LOOKUP_ACCURACY = Metric(
    name="lookup_accuracy",
    title="Look-up accuracy",
    column="correct",
    kind="greedy",
    lookup=True,
    says="exact match on questions that need no reasoning, only the answer format",
)
LOOKUP_FORMAT = Metric(
    name="lookup_format",
    title="Look-up format share",
    column="well_formed",
    kind="greedy",
    lookup=True,
    says="share of look-up questions with a well-formed answer",
)


def read_scores(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """Every row of every evaluated checkpoint, with the columns of MODEL in front."""
    frames: list[pd.DataFrame] = []
    for model in models:
        if model.evaluation is not None:
            frames.append(read_rows(model.evaluation).assign(pretrain=model.pretrain, sft=model.sft, seed=model.seed))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*MODEL, *_READ])


def read_rows(evaluation: StageResult) -> pd.DataFrame:
    """Every row of one eval artifact."""
    return pd.read_parquet(evaluation.folder / "rows.parquet", columns=_READ)


def problem_values(scores: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """One row a checkpoint and problem: MODEL, PROBLEM, domain, depth and `value` in the metric's unit."""
    if metric.lookup:  # the other controls, knowledge and instructions, have suites of their own
        rows = scores[scores["task"] == LOOKUP]
    else:
        rows = scores[~scores["lookup"].astype(bool) & (scores["held_out"].astype(bool) == metric.held_out)]
    if metric.kind:
        rows = rows[rows["kind"] == metric.kind]
    rows = rows[rows[metric.column].notna()]
    values = rows.assign(value=rows[metric.column].astype(float) * metric.scale)
    keys = [*MODEL, *PROBLEM, "domain", "depth"]
    return values.groupby(keys, sort=False, dropna=False)["value"].mean().reset_index()


def by_cell(values: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """What `problem_values` gives, cell by cell: (row, column) to its problems, all seeds."""
    return {(str(key[0]), str(key[1])): cell for key, cell in values.groupby(["pretrain", "sft"], sort=False)}


def guess_level(scores: pd.DataFrame) -> float:
    """Percent that needs no reading: each task's most common answer, or a blind guess among choices, if better.

    Over the problems of the headline accuracy; NaN where there are none.
    """
    rows = scores[(scores["kind"] == "greedy") & ~scores["lookup"].astype(bool) & ~scores["held_out"].astype(bool)]
    problems = rows.drop_duplicates(["seed", *PROBLEM])
    hits = 0.0
    for _, task in problems.groupby(["seed", "suite", "task"], sort=True):
        constant = task["gold"].value_counts().iloc[0]
        hits += max(float(constant), float(task["chance"].fillna(0.0).sum()))
    return 100.0 * hits / len(problems) if len(problems) else float("nan")
