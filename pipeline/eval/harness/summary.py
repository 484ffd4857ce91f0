"""What the benchmarks of a suite came to, computed from their rows; beside it what is missing, and why.

A score is the mean over problems of the mean over samples. For a group of tasks such as MMLU that is the
harness's mean weighted by size. Intervals are Wilson's over problems, as elsewhere, where each is asked once.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from pipeline.eval.benchmarks import BENCHMARK
from pipeline.eval.harness.domains import as_json, group_means
from pipeline.eval.harness.run import Benchmarks
from pipeline.eval.summary import wilson
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.harness.fit import installed
from pipeline.tasks.harness.load import Loaded


def summarise_suite(rows: pd.DataFrame, benchmarks: Benchmarks) -> dict[str, Any]:
    """One suite: `tasks` by label, `missing` with the reason, and the domain `groups` with their `average`.

    rows: all of an eval. Shares are 0 to 1.
    """
    of_suite = rows[(rows["kind"] == BENCHMARK) & (rows["suite"] == benchmarks.name)]
    tasks = {each.label: _task(of_suite[of_suite["task"] == each.label], each) for each in benchmarks.loaded}
    scores = {label: float(task["score"]) for label, task in tasks.items()}
    return {
        "harness": installed(),
        "tasks": tasks,
        "missing": {each.label: each.reason for each in benchmarks.missing},
        **as_json(*group_means(scores, groups_of(benchmarks.suite))),
    }


def groups_of(suite: HarnessSuite) -> dict[str, list[str]]:
    """Labels of the benchmarks by domain, in the suite's order."""
    groups: dict[str, list[str]] = {}
    for label, task in suite.tasks.items():
        if task.domain:
            groups.setdefault(task.domain, []).append(label)
    return groups


def harness_metrics(rows: pd.DataFrame) -> dict[str, float]:
    """Each of the harness's metrics over the rows of one task, by `metric,filter`: what the harness says itself.

    A metric that is several verdicts a problem, as IFEval's instructions are, is their mean.
    """
    values: dict[str, list[float]] = {}
    for text in rows["metrics"]:
        metrics: Mapping[str, Any] = orjson.loads(text)
        for key, value in metrics.items():
            values.setdefault(key, []).extend(map(float, value if isinstance(value, list) else [value]))
    return {key: sum(each) / len(each) for key, each in values.items()}


def _task(rows: pd.DataFrame, loaded: Loaded) -> dict[str, Any]:
    asked = loaded.asked
    problems = rows.groupby("problem", sort=False)["score"].mean()
    low, high = wilson(int(rows["correct"].sum()), len(rows)) if asked.samples == 1 else (None, None)
    chance = rows["chance"].dropna()
    return {
        "task": asked.task,
        "version": loaded.version,
        "num_fewshot": next(iter(loaded.tasks.values())).get_config("num_fewshot"),
        "samples": asked.samples,
        "n": len(problems),
        "left_out": loaded.left_out,
        "metric": f"{asked.metric},{asked.filter}",
        "score": float(problems.mean()),
        "score_low": low,
        "score_high": high,
        "chance": float(chance.mean()) if len(chance) else None,
        "well_formed": float(rows["well_formed"].astype(float).mean()),
        "errors": int(rows["error"].notna().sum()),
        "metrics": harness_metrics(rows),
    }
