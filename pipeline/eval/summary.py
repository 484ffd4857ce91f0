"""Means and intervals over the rows of an eval, and nothing that cannot be computed again from them.

The headline (`reasoning`) is over families that some corpus trains; held-out families, and look-up
questions (the control of the answer format), stand apart from it. Intervals are Wilson's, 95 %, over
problems: they say nothing of other seeds.
"""

import math
from statistics import NormalDist
from typing import Any

import pandas as pd

Summary = dict[str, Any]
_Z = NormalDist().inv_cdf(0.975)


def summarise(rows: pd.DataFrame) -> Summary:
    """A summary of all suites together (`over`) and of each (`suites`)."""
    suites = {str(name): _summarise_suite(part) for name, part in rows.groupby("suite", sort=True)}
    return {"over": _summarise_suite(rows), "suites": suites}


def _summarise_suite(rows: pd.DataFrame) -> Summary:
    """Reasoning, held-out and look-up problems apart; reasoning by depth and domain, everything by family."""
    held_out, lookup = rows["held_out"].astype(bool), rows["lookup"].astype(bool)
    reasoning = rows[~held_out & ~lookup]
    return {
        "reasoning": _summarise_cell(reasoning),
        "held_out": _summarise_cell(rows[held_out & ~lookup]),
        "lookup": _summarise_cell(rows[lookup]),
        "by_family": _by(rows, "task"),
        "by_depth": _by(reasoning, "depth"),
        "by_domain": _by(reasoning, "domain"),
    }


def _by(rows: pd.DataFrame, column: str) -> Summary:
    return {str(value): _summarise_cell(part) for value, part in rows.groupby(column, sort=True)}


def _summarise_cell(rows: pd.DataFrame) -> Summary:
    """Shares are 0 to 1; null where there is nothing to take a mean of. `n` counts problems answered greedily."""
    greedy = rows[rows["kind"] == "greedy"]
    graded = rows[rows["kind"] == "graded"].groupby(["suite", "task", "problem"])["gold_probability"].mean()
    well_formed = greedy[greedy["well_formed"].astype(bool)]
    low, high = _wilson(int(greedy["correct"].sum()), len(greedy))
    return {
        "n": len(greedy),
        "accuracy": _mean(greedy["correct"]),
        "accuracy_low": low,
        "accuracy_high": high,
        "well_formed": _mean(greedy["well_formed"]),
        "accuracy_given_well_formed": _mean(well_formed["correct"]),
        "chance": _mean(greedy["chance"]),
        "graded": _mean(graded),
        "graded_n": len(graded),
        "gold_logprob": _mean(greedy["gold_logprob"]),
        "generated_tokens": _mean(greedy["generated_tokens"]),
    }


def _mean(values: "pd.Series[Any]") -> float | None:
    """The mean of what is there."""
    mean = float(values.dropna().astype(float).mean())
    return None if math.isnan(mean) else mean


def _wilson(count: int, total: int) -> tuple[float | None, float | None]:
    """Wilson (1927), 95 %: statsmodels' `proportion_confint`, without the second that it takes to import."""
    if total == 0:
        return None, None
    spread = _Z**2 / total
    centre = (count / total + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (count / total * (1 - count / total) + spread / 4)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)
