"""Explicit reflection by rule, and the metrics of reflection with their identities, counted by hand."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.reflection_classifier import FILE, agreement, read_items
from pipeline.tasks.reflection.explicit import READ_CHARACTERS, is_explicit_text, is_explicit_world
from pipeline.tasks.reflection.metrics import (
    accuracy,
    cell,
    common_wrong,
    expected_accuracy,
    of_problems,
    reflection_summary,
)

DATA = Path(__file__).parents[3] / "shared" / "data"
SHOWN = "b = a + 3 = 9 . c = b - 2 = 7"


@pytest.mark.parametrize(
    "text",
    [
        "that's wrong.",
        "That’s not right! What did we do wrong?",
        "3.5 is not a whole number, so we round",
        "189 is not the answer.",
        "that can't be right",
        "I forgot the tax.",
        "let me check my work",
        "Let's try that again",
        "what's going on here",
        "what? I thought it was Rome.",
        "it should return 4",
        "does not make sense",
        "'9' != '8'",
        "I misread the question",
        "Oops",
    ],
)
def test_what_acknowledges_an_error_is_explicit(text):
    assert is_explicit_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "what?",
        "there's more!",
        "40 times? That’s a lot of mowing!",
        "230 pounds? That’s a big dog!",
        "5 is not a lot of money.",
        "So she has 12 eggs. The answer is 12.",
        "x" * READ_CHARACTERS + " that is wrong",  # later it drifts into other texts
        "",
    ],
)
def test_surprise_and_going_on_are_not(text):
    assert not is_explicit_text(text)


@pytest.mark.parametrize(
    ("continuation", "expected"),
    [
        ("</think>7", False),
        ("but c = 8</think>8", True),
        (" . b = a + 3 = 8 . c = b - 2 = 6</think>6", True),  # says steps anew
        (" . b = 9</think>9", True),
        (" . d = c + 1 = 8</think>8", False),  # goes on
        ("", False),
        ("</think>7 but not", False),  # an answer is no reflection
    ],
)
def test_in_the_world_a_step_said_anew_or_a_contradiction_is_explicit(continuation, expected):
    assert is_explicit_world(SHOWN, continuation) is expected


@pytest.mark.skipif(not (DATA / FILE).is_file(), reason=f"the 360 gold labels are not at {DATA / FILE}")
def test_the_rules_agree_with_the_gold_labels_on_the_half_they_were_not_written_on():
    items = list(read_items(DATA / FILE))
    assert len(items) == 360
    assert sum(item.is_explicit for item in items) == 280
    unseen = agreement([item for item in items if not item.is_calibration])
    assert sum(unseen) == 186
    assert (unseen.precision, unseen.recall, unseen.f1) == pytest.approx((0.969, 0.887, 0.926), abs=5e-4)


def frame(kind, outcomes, trigger="none"):
    """outcomes: a string a problem: C correct or w wrong or c copies; e explicit or i not; then the gap."""
    rows = [
        {
            "kind": kind,
            "task": "story",
            "problem": f"p{index}",
            "trigger": trigger,
            "probe": "end_omission" if index % 2 else "begin_factor",
            "correct": each[0] == "C",
            "well_formed": each[0] != "w",
            "answer": {"C": "1", "c": "2", "w": None}[each[0]],
            "adversarial": "2",
            "explicit": each[1] == "e",
            "gap": float(each[2:]),
        }
        for index, each in enumerate(outcomes)
    ]
    return pd.DataFrame(rows)


def test_the_metrics_of_ten_items():
    found = cell(frame("self", ["Ce1", "Ce1", "Ci2", "ce-1", "ci-1", "ci-3", "we-1", "wi0", "ci-1", "ci-1"]))
    assert found["n"] == 10
    assert (found["accuracy"], found["explicit_rate"]) == (0.3, 0.4)
    assert (found["explicit_accuracy"], found["implicit_accuracy"]) == (0.2, 0.1)
    assert (found["copy_rate"], found["well_formed"]) == (0.5, 0.8)
    assert found["gap"] == pytest.approx(-0.4)
    assert found["prefers_gold"] == 0.3


def test_the_identities_hold_for_every_mixture():
    for correct in range(5):
        for explicit in range(5):
            outcomes = [f"{'C' if i < correct else 'c'}{'e' if (i + 1) % 4 < explicit else 'i'}0" for i in range(4)]
            found = cell(frame("self", outcomes))
            assert found["accuracy"] == found["explicit_accuracy"] + found["implicit_accuracy"]
            assert found["explicit_accuracy"] <= min(found["accuracy"], found["explicit_rate"])


def test_an_interval_at_the_floor_is_wilson_s():
    found = accuracy(frame("clean", ["ci0"] * 10))
    assert (found["n"], found["correct"], found["accuracy"], found["accuracy_low"]) == (10, 0, 0.0, 0.0)
    assert found["accuracy_high"] == pytest.approx(0.2775, abs=1e-4)  # z^2 / (n + z^2)
    assert accuracy(frame("clean", ["ci0"]).iloc[:0])["accuracy"] is None


def test_what_wait_should_do_if_it_only_chooses():
    none, wait, mistake = {"implicit_accuracy": 0.1}, {"explicit_rate": 0.25}, {"accuracy": 0.5}
    assert expected_accuracy(none, wait, mistake) == pytest.approx(0.25 * 0.5 + 0.75 * 0.1)
    assert expected_accuracy({"implicit_accuracy": None}, wait, mistake) is None


def test_a_suite_s_summary_keeps_settings_triggers_and_perturbations_apart():
    rows = pd.concat(
        [
            frame("clean", ["Ci0", "wi0"]),
            frame("situational", ["Ci1", "ci-1"]),
            frame("situational", ["Ce1", "ce-1"], "wait"),
            frame("situational", ["Ce1", "Ce1"], "mistake"),
            frame("self", ["ci-1"]),
        ]
    )
    found = reflection_summary(rows)
    assert found["clean"]["accuracy"] == 0.5
    assert found["situational"]["wait"]["explicit_rate"] == 1.0
    assert found["situational"]["expected_wait"] == 1.0
    assert found["self"]["none"]["n"] == 1
    assert found["self"]["expected_wait"] is None
    assert {name: part["accuracy"] for name, part in found["by_perturbation"].items()} == {
        "begin_factor": 1.0,
        "end_omission": 0.0,
    }


def test_self_reflection_is_compared_on_what_all_checkpoints_get_wrong():
    first, second = frame("clean", ["wi0", "wi0", "Ci0"]), frame("clean", ["wi0", "Ci0", "wi0"])
    assert common_wrong([first, second]) == {("story", "p0")}
    assert common_wrong([]) == set()
    assert len(of_problems(frame("self", ["ci0"] * 3), {("story", "p0")})) == 1
