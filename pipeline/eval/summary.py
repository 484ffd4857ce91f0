"""Means and intervals over the rows of an eval, and nothing that cannot be computed again from them.

The headline (`over`, `reasoning`) is over the first suite and in it over families that some corpus trains;
held-out families, and look-up questions (the control of the answer format), stand apart from it, and so does
every other suite: dev and test, or what was trained and what is deeper, are never pooled. Intervals are Wilson's,
95 %, over problems: they say nothing of other seeds.

Calibration is the model's confidence in its own well-formed answers - their probability in the answer slot behind
its own trace, greedy - held against whether they are right: Brier score, and the expected calibration error over
ten bins of equal width (Guo et al. 2017, arXiv:1706.04599).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from pipeline.eval.sampled import SAMPLE
from pipeline.tasks.repeated import majority, pass_at_k

Summary = dict[str, Any]
_Z = NormalDist().inv_cdf(0.975)
_BINS = 10


def summarise(rows: pd.DataFrame, ks: Sequence[int] = ()) -> Summary:
    """A summary of the first suite (`over`, and its name, `headline`) and of each (`suites`). ks: of pass@k."""
    suites = {str(name): _summarise_suite(part, ks) for name, part in rows.groupby("suite", sort=True)}
    if rows.empty:
        return {"over": _summarise_suite(rows, ks), "suites": suites}
    headline = str(rows["suite"].iloc[0])
    return {"headline": headline, "over": suites[headline], "suites": suites}


def _summarise_suite(rows: pd.DataFrame, ks: Sequence[int]) -> Summary:
    """Reasoning, held-out and look-up problems apart; reasoning by depth and domain, everything by family."""
    held_out, lookup = rows["held_out"].astype(bool), rows["lookup"].astype(bool)
    reasoning = rows[~held_out & ~lookup]
    summary = {
        "reasoning": _summarise_cell(reasoning),
        "held_out": _summarise_cell(rows[held_out & ~lookup]),
        "lookup": _summarise_cell(rows[lookup]),
        "by_family": _by(rows, "task"),
        "by_depth": _by(reasoning, "depth"),
        "by_domain": _by(reasoning, "domain"),
    }
    samples = rows[rows["kind"] == SAMPLE]
    return {**summary, "sampled": _summarise_samples(samples, ks)} if len(samples) else summary


def _summarise_samples(rows: pd.DataFrame, ks: Sequence[int]) -> Summary:
    """pass@k and the majority over the same parts as the greedy answers; how they were drawn."""
    held_out, lookup = rows["held_out"].astype(bool), rows["lookup"].astype(bool)
    reasoning = rows[~held_out & ~lookup]
    count = int(rows["sample"].max())
    asked = [k for k in ks if k <= count]

    def by(part: pd.DataFrame, column: str) -> Summary:
        return {str(value): _summarise_answers(cell, asked) for value, cell in part.groupby(column, sort=True)}

    return {
        "samples": count,
        "temperature": float(rows["temperature"].iloc[0]),
        "ks": asked,
        "reasoning": _summarise_answers(reasoning, asked),
        "held_out": _summarise_answers(rows[held_out & ~lookup], asked),
        "lookup": _summarise_answers(rows[lookup], asked),
        "by_family": by(rows, "task"),
        "by_depth": by(reasoning, "depth"),
        "by_domain": by(reasoning, "domain"),
    }


def _summarise_answers(rows: pd.DataFrame, ks: Sequence[int]) -> Summary:
    """Means over problems: pass@k, and whether the answer that most samples give is right (ties: the first given)."""
    problems = [part for _, part in rows.groupby(["task", "problem"], sort=True)]
    counts = [(len(part), int(part["correct"].sum())) for part in problems]
    return {
        "n": len(problems),
        "pass_at_k": {str(k): _mean(pd.Series([pass_at_k(*count, k) for count in counts])) for k in ks},
        "majority": _mean(pd.Series([_is_majority_right(part) for part in problems])),
    }


def _is_majority_right(problem: pd.DataFrame) -> bool:
    """Of one problem's samples; no well-formed answer is no right one."""
    answer = majority([None if pd.isna(answer) else str(answer) for answer in problem["answer"]])
    return answer is not None and bool(problem.loc[problem["answer"] == answer, "correct"].iloc[0])


def _by(rows: pd.DataFrame, column: str) -> Summary:
    return {str(value): _summarise_cell(part) for value, part in rows.groupby(column, sort=True)}


def _summarise_cell(rows: pd.DataFrame) -> Summary:
    """Shares are 0 to 1; null where there is nothing to take a mean of. `n` counts problems answered greedily."""
    greedy = rows[rows["kind"] == "greedy"]
    graded = rows[rows["kind"] == "graded"].groupby(["suite", "task", "problem"])["gold_probability"].mean()
    well_formed = greedy[greedy["well_formed"].astype(bool)]
    low, high = wilson(int(greedy["correct"].sum()), len(greedy))
    return {
        "n": len(greedy),
        "accuracy": _mean(greedy["correct"]),
        "accuracy_low": low,
        "accuracy_high": high,
        "well_formed": _mean(greedy["well_formed"]),
        "cut": _mean(greedy["cut"]),
        "accuracy_given_well_formed": _mean(well_formed["correct"]),
        **_calibration(well_formed),
        "chance": _mean(greedy["chance"]),
        "graded": _mean(graded),
        "graded_n": len(graded),
        "gold_logprob": _mean(greedy["gold_logprob"]),
        "generated_tokens": _mean(greedy["generated_tokens"]),
    }


def _calibration(rows: pd.DataFrame) -> Summary:
    """Over answers that have a probability; null where none has."""
    answered = rows[rows["answer_logprob"].notna()]
    confidence = np.exp(answered["answer_logprob"].to_numpy(float))
    right = answered["correct"].to_numpy(float)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [float(np.sum(confidence[bins == each] - right[bins == each])) for each in range(_BINS)]
    return {
        "confidence": _mean(pd.Series(confidence)),
        "brier": _mean(pd.Series((confidence - right) ** 2)),
        "ece": sum(map(abs, gaps)) / len(answered) if len(answered) else None,
    }


def _mean(values: "pd.Series[Any]") -> float | None:
    """The mean of what is there."""
    mean = float(values.dropna().astype(float).mean())
    return None if math.isnan(mean) else mean


def wilson(count: int, total: int) -> tuple[float | None, float | None]:
    """Wilson (1927), 95 %: statsmodels' `proportion_confint`, without the second that it takes to import."""
    if total == 0:
        return None, None
    spread = _Z**2 / total
    centre = (count / total + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (count / total * (1 - count / total) + spread / 4)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)
