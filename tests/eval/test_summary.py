"""Means and intervals from rows made by hand."""

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from pipeline.eval.summary import summarise

TASKS = {
    "chains": {"domain": "math", "held_out": False, "lookup": False, "chance": 0.1},
    "swaps": {"domain": "code", "held_out": True, "lookup": False, "chance": 0.2},
    "lookup": {"domain": "general", "held_out": False, "lookup": True, "chance": 0.5},
    "gsm8k": {"domain": "math", "held_out": False, "lookup": False, "chance": None},
}


def row(task, problem, *, correct=False, well_formed=True, depth=1, suite="world", probability=None, sample=0):
    return {
        "suite": suite,
        "task": task,
        "problem": problem,
        "sample": sample,
        "kind": "greedy" if probability is None else "graded",
        "depth": depth,
        "correct": correct,
        "well_formed": well_formed,
        "gold_probability": probability,
        "gold_logprob": None,
        "generated_tokens": 10,
        **TASKS[task],
    }


ROWS = pd.DataFrame(
    [
        row("chains", "c1", correct=True),
        row("chains", "c2", correct=False),
        row("chains", "c3", well_formed=False, depth=2),
        row("chains", "c4", correct=True, depth=2),
        row("chains", "c1", probability=0.5, sample=1),
        row("chains", "c1", probability=0.7, sample=2),
        row("chains", "c2", probability=0.2, sample=1),
        row("swaps", "s1", correct=True),
        row("lookup", "l1", correct=True, depth=0),
        row("lookup", "l2", well_formed=False, depth=0),
        row("gsm8k", "g1", well_formed=False, depth=0, suite="gsm8k"),
    ]
)


def test_reasoning_held_out_and_look_up_stand_apart():
    world = summarise(ROWS)["suites"]["world"]
    assert {part: (world[part]["n"], world[part]["accuracy"]) for part in ("reasoning", "held_out", "lookup")} == {
        "reasoning": (4, 0.5),
        "held_out": (1, 1.0),
        "lookup": (2, 0.5),
    }
    assert world["by_family"].keys() == {"chains", "lookup", "swaps"}
    assert world["by_domain"].keys() == {"math"}
    assert {depth: cell["accuracy"] for depth, cell in world["by_depth"].items()} == {"1": 0.5, "2": 0.5}


def test_format_is_apart_from_correctness():
    reasoning = summarise(ROWS)["suites"]["world"]["reasoning"]
    assert reasoning["well_formed"] == 0.75
    assert reasoning["accuracy_given_well_formed"] == pytest.approx(2 / 3)


def test_a_problem_with_more_traces_counts_once():
    reasoning = summarise(ROWS)["suites"]["world"]["reasoning"]
    assert (reasoning["graded_n"], reasoning["graded"]) == (2, pytest.approx((0.6 + 0.2) / 2))


@pytest.mark.parametrize(("count", "total"), [(0, 7), (7, 7), (1, 3), (431, 864)])
def test_intervals_are_those_of_statsmodels(count, total):
    rows = pd.DataFrame([row("chains", str(number), correct=number < count) for number in range(total)])
    reasoning = summarise(rows)["over"]["reasoning"]
    expected = proportion_confint(count, total, alpha=0.05, method="wilson")
    assert (reasoning["accuracy_low"], reasoning["accuracy_high"]) == pytest.approx(expected, abs=1e-12)


def test_intervals_are_wilsons():
    reasoning = summarise(ROWS)["suites"]["world"]["reasoning"]
    # 2 of 4: centre (2 + z^2 / 2) / (4 + z^2) = 1/2, half-width z / (4 + z^2) * sqrt(4 * 1/4 + z^2 / 4)
    assert reasoning["accuracy_low"] == pytest.approx(0.15004, abs=1e-5)
    assert reasoning["accuracy_high"] == pytest.approx(0.84996, abs=1e-5)


def test_suites_are_taken_together_and_apart():
    summary = summarise(ROWS)
    assert summary["suites"].keys() == {"gsm8k", "world"}
    assert (summary["over"]["reasoning"]["n"], summary["over"]["reasoning"]["accuracy"]) == (5, 0.4)


def test_what_has_no_value_is_null():
    gsm8k = summarise(ROWS)["suites"]["gsm8k"]
    assert gsm8k["reasoning"]["chance"] is None
    assert gsm8k["reasoning"]["accuracy_given_well_formed"] is None
    assert gsm8k["reasoning"]["graded"] is None
    assert gsm8k["lookup"] == {name: 0 if name in ("n", "graded_n") else None for name in gsm8k["lookup"]}
