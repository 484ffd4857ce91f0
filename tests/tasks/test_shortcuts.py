"""No shortcut: readers who only count words and places stay within MARGIN of chance in every family.

The guessers (see probes) are the commonest answer, first / last / most / least mentioned choice, the one
said once, naive Bayes over words, a linear probe on the question, and a fitted probe over counts, places and
neighbours of each choice.
Chance is 1 / choices. Problems of depth 2 and more; at depth 1 a look-up is all there is to do.
"""

import random
from dataclasses import replace
from functools import cache

import pytest
from probes import SIMPLE, accuracy, bag_of_words, chance, choice_probe, linear_probe, majority

from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.families.logic import canonical as canonical_chains
from pipeline.tasks.world.families.rules import canonical as canonical_rules

MARGIN = 0.10
NUM_PROBLEMS, NUM_FIT = 2100, 1400


@cache
def problems(name):
    rng = random.Random(f"shortcuts {name}")
    return [FAMILIES[name].make(rng, 2 + i % 5, (i // 5) % 3) for i in range(NUM_PROBLEMS)]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("guess", SIMPLE, ids=lambda guess: guess.__name__)
def test_no_place_or_count_gives_the_answer(name, guess):
    assert accuracy(guess, problems(name)) <= chance(problems(name)) + MARGIN


@pytest.mark.parametrize("name", FAMILIES)
def test_no_answer_is_common(name):
    assert majority(problems(name)) <= chance(problems(name)) + MARGIN


@pytest.mark.parametrize("name", FAMILIES)
def test_a_bag_of_words_does_not_give_the_answer(name):
    made = problems(name)
    assert bag_of_words(made[:NUM_FIT], made[NUM_FIT:]) <= chance(made) + MARGIN


@pytest.mark.parametrize("name", FAMILIES)
def test_a_fitted_probe_of_counts_and_places_does_not_give_the_answer(name):
    made = problems(name)
    assert choice_probe(made[:NUM_FIT], made[NUM_FIT:]) <= chance(made) + MARGIN


@pytest.mark.parametrize("name", FAMILIES)
def test_a_linear_probe_on_the_question_does_not_give_the_answer(name):
    made = problems(name)
    assert linear_probe(made[:NUM_FIT], made[NUM_FIT:]) <= chance(made) + MARGIN


def test_a_probe_does_find_an_answer_that_its_question_gives_away():
    made = problems("isa")
    leaky = [replace(problem, prompt=f"{problem.prompt} {problem.answer}") for problem in made]
    assert linear_probe(leaky[:NUM_FIT], leaky[NUM_FIT:]) > 0.9


def test_equal_graphs_have_equal_structures_whatever_the_decoys_are_called():
    assert canonical_chains("c0a0b0b1a1") == canonical_chains("b0a0c0c1a1") == "b0a0c0c1a1"
    assert canonical_rules("0b33a04b3") == canonical_rules("2a11b20a1") == "0a11b02a1"
