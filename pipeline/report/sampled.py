"""Answers that were sampled many times: pass@k and the majority of each checkpoint, and where two change places.

Read from the rows of kind `sample` alone, over families that the corpora train, look-up questions left out. Two
checkpoints are held against each other over the problems that both were asked: before and after what was trained last,
and mixes against one another. `crossing` takes rows from anywhere.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.frames import records
from pipeline.tasks.repeated import Crossover, crossover, majority, pass_at_k

SAMPLE = "sample"  # the kind of their rows
_READ = ["suite", "task", "problem", "held_out", "lookup", "answer", "correct", "kind"]
_PROBLEM = ["suite", "task", "problem"]
PASS_COLUMNS = ["checkpoint", "seed", "suite", "problems", "samples", "k", "pass_at_k", "majority"]
CROSSING_COLUMNS = ["seed", "suite", "first", "second", "problems", *Crossover._fields]


def read_samples(folder: Path) -> pd.DataFrame:
    """The sampled answers of an eval artifact; no rows where nothing was sampled."""
    rows: pd.DataFrame = pq.read_table(folder / "rows.parquet", columns=_READ).to_pandas()
    is_meant = (rows["kind"] == SAMPLE) & ~rows["held_out"].astype(bool) & ~rows["lookup"].astype(bool)
    return rows[is_meant].reset_index(drop=True)


def counts(rows: pd.DataFrame) -> pd.DataFrame:
    """suite, task, problem, samples, right: one row a problem."""
    right = rows.assign(right=rows["correct"].astype(int))
    return right.groupby(_PROBLEM, sort=True).agg(samples=("right", "size"), right=("right", "sum")).reset_index()


def passes(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """PASS_COLUMNS: a row for each checkpoint, suite and power of two up to the samples. Shares are 0 to 1."""
    found: list[list[object]] = []
    for model, rows in _sampled(models):
        for suite, part in rows.groupby("suite", sort=True):
            each = counts(part)
            samples = int(each["samples"].min())
            right = [_is_majority_right(problem) for _, problem in part.groupby(_PROBLEM, sort=True)]
            share = sum(right) / len(right)
            for k in (2**power for power in range(samples.bit_length())):
                mean = sum(pass_at_k(row["samples"], row["right"], k) for row in records(each)) / len(each)
                found.append([model.name, model.seed, suite, len(each), samples, k, mean, share])
    return pd.DataFrame(found, columns=PASS_COLUMNS)


def crossings(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """CROSSING_COLUMNS of pairs of checkpoints of one seed that differ in one thing: what came last, or the mix."""
    sampled = list(_sampled(models))
    found: list[list[object]] = []
    for (first, rows), (second, others) in combinations(sampled, 2):
        is_pair = (first.pretrain == second.pretrain and BEFORE in (first.sft, second.sft)) or first.sft == second.sft
        if first.seed == second.seed and is_pair:
            for suite, problems, crossed in crossing(rows, others):
                found.append([first.seed, suite, first.name, second.name, problems, *crossed])
    return pd.DataFrame(found, columns=CROSSING_COLUMNS)


def crossing(first: pd.DataFrame, second: pd.DataFrame) -> Iterator[tuple[str, int, Crossover]]:
    """Suite by suite: its name, the problems that both were asked, and where the two change places."""
    both = counts(first).merge(counts(second), on=_PROBLEM, suffixes=("", "_second"))
    for suite, part in both.groupby("suite", sort=True):
        num_first, num_second = int(part["samples"].min()), int(part["samples_second"].min())
        whole = part[(part["samples"] == num_first) & (part["samples_second"] == num_second)]
        right, others = whole["right"].tolist(), whole["right_second"].tolist()
        yield str(suite), len(whole), crossover(right, others, num_first, num_second, str(suite))


def _sampled(models: Sequence[Checkpoint]) -> Iterator[tuple[Checkpoint, pd.DataFrame]]:
    for model in models:
        if model.evaluation is not None:
            rows = read_samples(model.evaluation.folder)
            if len(rows):
                yield model, rows


def _is_majority_right(problem: pd.DataFrame) -> bool:
    """Whether the answer that most samples give is right; ties go to the first given."""
    answer = majority([None if pd.isna(each) else str(each) for each in problem["answer"]])
    return answer is not None and bool(problem.loc[problem["answer"] == answer, "correct"].iloc[0])
