"""Means and intervals from rows made by hand."""

from math import log

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


def row(
    task,
    problem,
    *,
    correct=False,
    well_formed=True,
    depth=1,
    suite="world",
    probability=None,
    sample=0,
    answer=None,
    confidence=None,
):
    return {
        "suite": suite,
        "task": task,
        "problem": problem,
        "sample": sample,
        "kind": "sample" if answer else "greedy" if probability is None else "graded",
        "answer": answer,
        "gold": "3",
        "temperature": 0.7 if answer else None,
        "answer_logprob": None if confidence is None else log(confidence),
        "cut": not well_formed,
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


def test_the_headline_is_the_first_suite_and_pools_no_other():
    summary = summarise(ROWS)
    assert summary["suites"].keys() == {"gsm8k", "world"}
    assert summary["headline"] == "world"
    assert summary["over"] == summary["suites"]["world"]
    dev = [row("chains", "c1", suite="dev", correct=True), row("chains", "c1", suite="test")]
    assert summarise(pd.DataFrame(dev))["over"]["reasoning"]["accuracy"] == 1.0
    assert summarise(pd.DataFrame(dev[::-1]))["over"]["reasoning"]["accuracy"] == 0.0


def test_an_eval_without_questions_has_an_empty_headline():
    summary = summarise(ROWS[:0])
    assert summary["suites"] == {}
    assert summary["over"]["reasoning"]["n"] == 0


def test_calibration_is_of_well_formed_answers_only():
    confident = [(0.95, True), (0.85, False), (0.82, True), (0.3, False)]
    rows = [row("chains", f"c{i}", correct=right, confidence=value) for i, (value, right) in enumerate(confident)]
    rows.append(row("chains", "c9", well_formed=False))
    cell = summarise(pd.DataFrame(rows))["over"]["reasoning"]
    assert cell["confidence"] == pytest.approx((0.95 + 0.85 + 0.82 + 0.3) / 4)
    assert cell["brier"] == pytest.approx((0.05**2 + 0.85**2 + 0.18**2 + 0.3**2) / 4)
    # Bins 9, 8 and 3: gaps of the sums 0.95 - 1, 1.67 - 1 and 0.3 - 0, weighted by how many answers they hold.
    assert cell["ece"] == pytest.approx((0.05 + 0.67 + 0.3) / 4)
    assert cell["cut"] == pytest.approx(1 / 5)


def test_samples_give_pass_at_k_and_the_majority():
    said = {"c1": ["3", "3", "4", "5"], "c2": ["4", "3", "3", "4"], "c3": ["4", "4", "4", "4"]}
    rows = [row("chains", "c1", correct=True)] + [
        row("chains", problem, answer=answer, correct=answer == "3", sample=i + 1)
        for problem, answers in said.items()
        for i, answer in enumerate(answers)
    ]
    sampled = summarise(pd.DataFrame(rows), (1, 2, 4, 8))["over"]["sampled"]
    assert (sampled["samples"], sampled["temperature"], sampled["ks"]) == (4, 0.7, [1, 2, 4])
    assert sampled["reasoning"]["n"] == 3
    # 2, 2 and 0 right of 4: pass@2 is 1 - C(2, 2) / C(4, 2) twice.
    assert sampled["reasoning"]["pass_at_k"] == pytest.approx({"1": 1 / 3, "2": 2 * (5 / 6) / 3, "4": 2 / 3})
    # The tie in c2 goes to the answer that came first, 4.
    assert sampled["reasoning"]["majority"] == pytest.approx(1 / 3)
    assert sampled["by_family"]["chains"] == sampled["reasoning"]
    assert "sampled" not in summarise(ROWS)["over"]


def test_what_has_no_value_is_null():
    gsm8k = summarise(ROWS)["suites"]["gsm8k"]
    assert gsm8k["reasoning"]["chance"] is None
    assert gsm8k["reasoning"]["accuracy_given_well_formed"] is None
    assert gsm8k["reasoning"]["graded"] is None
    assert gsm8k["lookup"] == {name: 0 if name in ("n", "graded_n") else None for name in gsm8k["lookup"]}
