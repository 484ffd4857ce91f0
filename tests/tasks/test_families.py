"""Every family: true, within the lexicon, within a row, with the steps that its depth says."""

import random

import pytest
from solvers import SOLVERS

from pipeline.tasks.world.check import check_trace
from pipeline.tasks.world.families import FAMILIES, HELD_OUT, TRAINED
from pipeline.tasks.world.family import DOMAINS
from pipeline.tasks.world.lexicon import WORDS

MAX_WORDS = 192  # a row: prompt, trace, answer and five special tokens


def problems(name, count, seed=0):
    """Problems of a family over all depths and templates in turn."""
    family, rng = FAMILIES[name], random.Random(f"{name} {seed}")
    num_depths = family.max_depth - family.min_depth + 1
    return [family.make(rng, family.min_depth + i % num_depths, (i // num_depths) % 3) for i in range(count)]


def test_sixteen_families_or_more_at_least_four_in_each_domain_one_of_each_held_out():
    assert set(FAMILIES) == set(SOLVERS)
    assert [family.name for family in FAMILIES.values()] == list(FAMILIES)
    for domain in DOMAINS:
        members = [family for family in FAMILIES.values() if family.domain == domain]
        assert len(members) >= 4
        assert sum(family.name in HELD_OUT for family in members) == 1
    assert len(FAMILIES) == len(TRAINED) + len(HELD_OUT) >= 16


def test_held_out_families_use_only_primitives_that_are_trained():
    trained = {primitive for name in TRAINED for primitive in FAMILIES[name].primitives}
    assert all(set(FAMILIES[name].primitives) <= trained for name in HELD_OUT)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_solver_that_reads_the_prompt_only_finds_the_answer(name):
    for problem in problems(name, 360):
        assert SOLVERS[name](problem.prompt) == problem.answer, problem.prompt


@pytest.mark.parametrize("name", FAMILIES)
def test_all_text_is_words_of_the_lexicon_and_fits_a_row(name):
    words = set(WORDS)
    for problem in problems(name, 600):
        verbose = " . ".join(step.text for step in problem.steps)
        texts = (problem.prompt, verbose, *(step.terse for step in problem.steps), *problem.choices)
        assert all(word in words for text in texts for word in text.split(" ")), problem.prompt
        assert 15 <= len(problem.prompt.split()) + len(verbose.split()) <= MAX_WORDS - 6


@pytest.mark.parametrize("name", FAMILIES)
def test_steps_end_in_their_result_and_lead_to_the_answer(name):
    for problem in problems(name, 300):
        assert len(problem.steps) == problem.depth
        assert problem.steps[-1].result == problem.answer
        assert problem.answer in problem.choices
        assert len(set(problem.choices)) == len(problem.choices) >= (2 if name == "most" else 3)
        for step in problem.steps:
            assert step.text.split(" ")[-1] == step.terse.split(" ")[-1] == step.result
            assert step.alternatives
            assert step.result not in step.alternatives


@pytest.mark.parametrize("name", FAMILIES)
def test_a_wrong_result_is_never_another_steps_truth(name):
    for problem in problems(name, 120):
        for step in problem.steps:
            for alternative in step.alternatives:
                for text in (step.text, step.terse):
                    wrong = text.removesuffix(step.result) + alternative
                    assert check_trace(problem, wrong).num_right == 0, (problem.prompt, wrong)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_stream_makes_the_same_problems(name):
    assert problems(name, 20) == problems(name, 20)
    assert problems(name, 20) != problems(name, 20, seed=1)


def test_words_are_unique_and_about_three_hundred():
    assert len(set(WORDS)) == len(WORDS)
    assert 280 <= len(WORDS) <= 330
    assert all(word == word.strip() and " " not in word for word in WORDS)
