"""Traces: what each style writes, local corruption with its labels, and the exact check of steps."""

import random

import pytest

from pipeline.tasks.problem import Problem, Step
from pipeline.tasks.world.check import check_trace, split_steps
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.trace import EMPTY, write_trace, wrong_answer


def toy_step(name, expression, result):
    alternatives = tuple(digit for digit in "0123456789" if digit != result)
    return Step(
        text=f"{name} = {expression} = {result}", terse=f"{name} = {result}", result=result, alternatives=alternatives
    )


TOY = Problem(
    family="toy",
    domain="math",
    template=0,
    depth=3,
    prompt="a = 1 ; b = a + 2 ; c = b + 3 ; d = c + 4 ; what is d ?",
    steps=(toy_step("b", "a + 2", "3"), toy_step("c", "b + 3", "6"), toy_step("d", "c + 4", "0")),
    answer="0",
    choices=tuple("0123456789"),
    structure="toy",
)


def test_verbose_repeats_operands_and_terse_gives_results():
    rng = random.Random(0)
    assert write_trace(TOY, "verbose", rng).text == "b = a + 2 = 3 . c = b + 3 = 6 . d = c + 4 = 0"
    assert write_trace(TOY, "terse", rng).text == "b = 3 . c = 6 . d = 0"
    assert write_trace(TOY, "terse", rng).labels == (True, True, True)


def test_answer_only_writes_nothing():
    assert write_trace(TOY, "answer_only", random.Random(0), 1.0) == EMPTY
    assert EMPTY.text == ""


def test_skipped_keeps_the_last_step_and_about_half_of_the_others():
    rng = random.Random(0)
    traces = [write_trace(TOY, "skipped", rng) for _ in range(2000)]
    assert all(trace.text.endswith("d = c + 4 = 0") for trace in traces)
    assert sum(trace.num_steps - 1 for trace in traces) / 4000 == pytest.approx(0.5, abs=0.04)


def test_corruption_replaces_one_result_and_leaves_later_steps_true():
    rng = random.Random(0)
    traces = [write_trace(TOY, "verbose", rng, 0.3) for _ in range(2000)]
    assert sum(trace.num_corrupted for trace in traces) / 6000 == pytest.approx(0.3, abs=0.03)
    (only_first,) = {t.text.split(" . ")[1:][0] for t in traces if t.labels == (False, True, True)}
    assert only_first == "c = b + 3 = 6"


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("style", ["verbose", "terse", "skipped"])
def test_the_check_finds_exactly_the_corrupted_steps(name, style):
    rng = random.Random(f"{name} {style}")
    for i in range(60):
        problem = FAMILIES[name].make(rng, 1 + i % 6, i % 3)
        trace = write_trace(problem, style, rng, 0.4)
        found = check_trace(problem, trace.text)
        assert (found.num_steps, found.num_right) == (trace.num_steps, trace.num_steps - trace.num_corrupted)
        assert found.first_wrong == (trace.labels.index(False) if trace.num_corrupted else None)


def test_check_counts_wrong_made_up_and_repeated_steps():
    check = check_trace(TOY, "b = 3 . c = b + 3 = 7 . b = 3 . hello")
    assert (check.num_steps, check.num_right, check.first_wrong) == (4, 2, 1)
    assert check_trace(TOY, "").num_steps == 0
    assert check_trace(TOY, "").first_wrong is None


def test_steps_are_split_at_full_stops_whatever_the_spaces():
    assert split_steps(" b = 3  .  . c = 6 . ") == ["b = 3", "c = 6"]


def test_a_wrong_answer_is_a_choice_and_never_the_answer():
    rng = random.Random(0)
    assert {wrong_answer(TOY, rng) for _ in range(500)} == set("123456789")
