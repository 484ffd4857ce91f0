"""How far verdicts on completions from a file agree with the labels that it brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pandas as pd

from pipeline.eval.executed import summarise_runs
from pipeline.eval.rows import Row
from pipeline.eval.summary import wilson


@dataclass(slots=True)
class Scored:
    """What one task's scorer made of its lines."""

    suite: str
    task: str
    rows: list[Row]
    unknown: list[int]  # lines that name no problem of the suite
    missing: str = ""  # why the task cannot be scored here


def summarise_stored(table: pd.DataFrame, scored: Sequence[Scored]) -> dict[str, Any]:
    """`tasks`, one of each of `scored`, and `sandbox` where programs were run.

    table: all rows, with their labels, in the order of `scored`: names of suites need not differ.
    """
    ends = list(accumulate(len(each.rows) for each in scored))
    parts = [_of_task(table.iloc[end - len(each.rows) : end], each) for each, end in zip(scored, ends, strict=True)]
    summary: dict[str, Any] = {"tasks": parts}
    return {**summary, "sandbox": summarise_runs(table)} if table["outcome"].notna().any() else summary


def _of_task(rows: pd.DataFrame, scored: Scored) -> dict[str, Any]:
    """Shares are 0 to 1. `disagree`: lines of the file where the label says otherwise, by who says right."""
    judged = rows[rows["label"].notna()]
    ours, theirs = judged["correct"].astype(bool), judged["label"].astype(bool)
    agree = int((ours == theirs).sum())
    low, high = wilson(agree, len(judged))
    return {
        "suite": scored.suite,
        "task": scored.task,
        "missing": scored.missing,
        "n": len(rows),
        "unknown": scored.unknown,
        "correct": float(rows["correct"].astype(float).mean()) if len(rows) else None,
        "well_formed": float(rows["well_formed"].astype(float).mean()) if len(rows) else None,
        "labels": len(judged),
        "agree": agree,
        "agree_low": low,
        "agree_high": high,
        "disagree": {
            "right_by_us": judged.loc[ours & ~theirs, "line"].tolist(),
            "right_by_label": judged.loc[~ours & theirs, "line"].tolist(),
        },
    }
