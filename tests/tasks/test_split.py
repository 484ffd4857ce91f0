"""The split: by structure alone, near 80/10/10, with structures enough in every family and at every depth."""

import random

import pytest

from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lexicon import (
    COLOURS,
    CONTAINERS,
    CREATURES,
    DIGITS,
    GAINS,
    KINDS,
    LOSSES,
    NAMES,
    OBJECTS,
    PLACES,
    REAGENTS,
    RELATIONS,
    SUBSTANCES,
)
from pipeline.tasks.world.split import hash_of, make_in_split, split_of, split_of_hash, structure_hash

VARIABLES = tuple("uvwxyz")  # of chains and programs; labels stay
POOLS = (NAMES, COLOURS, PLACES, OBJECTS, CONTAINERS, CREATURES, KINDS, SUBSTANCES, REAGENTS, RELATIONS, VARIABLES)
NAMED = {word for pool in POOLS for word in pool}


def structures(name, depth, count):
    rng = random.Random(f"{name} {depth}")
    return [FAMILIES[name].make(rng, depth, i % 3).structure for i in range(count)]


@pytest.mark.parametrize("name", FAMILIES)
def test_shares_are_near_80_10_10_over_distinct_structures(name):
    distinct = {structure for depth in range(1, 7) for structure in structures(name, depth, 400)}
    shares = {split: sum(split_of(s) == split for s in distinct) / len(distinct) for split in ("train", "dev", "test")}
    assert shares["train"] == pytest.approx(0.8, abs=0.05)
    assert shares["dev"] == pytest.approx(0.1, abs=0.03)
    assert shares["test"] == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_depth_has_at_least_200_structures(name):
    for depth in range(1, 7):
        assert len(set(structures(name, depth, 600))) >= 200, depth


@pytest.mark.parametrize("name", FAMILIES)
def test_no_structure_and_no_prompt_is_in_two_splits(name):
    rng = random.Random(name)
    made = {
        split: [make_in_split(FAMILIES[name], rng, 1 + i % 6, i % 3, split) for i in range(60)]
        for split in ("train", "dev", "test")
    }
    for split, problems in made.items():
        assert {split_of(problem.structure) for problem in problems} == {split}
        for other in made.keys() - {split}:
            assert not {p.structure for p in problems} & {p.structure for p in made[other]}
            assert not {p.prompt for p in problems} & {p.prompt for p in made[other]}


def test_a_structure_is_the_same_under_other_names_and_numbers():
    family = FAMILIES["chains"]
    problems = [family.make(random.Random(seed), 1, 0) for seed in range(3000)]
    by_structure = {}
    for problem in problems:
        by_structure.setdefault(problem.structure, set()).add(problem.prompt)
    assert max(len(prompts) for prompts in by_structure.values()) > 1


def test_a_document_that_knows_only_the_hash_knows_its_split():
    problem = FAMILIES["isa"].make(random.Random(0), 4, 0)
    assert structure_hash(problem) == hash_of(problem.structure)
    assert split_of_hash(structure_hash(problem)) == split_of(problem.structure)
    assert len(structure_hash(problem)) == 16


def abstracted(prompt):
    """The prompt with entities numbered as they come, numbers and verbs by their kind."""
    met = {}
    kinds = dict.fromkeys(DIGITS, "#") | dict.fromkeys(GAINS, "gain") | dict.fromkeys(LOSSES, "loss")
    words = [f"<{met.setdefault(w, len(met))}>" if w in NAMED else kinds.get(w, w) for w in prompt.split(" ")]
    return " ".join(words)


@pytest.mark.parametrize("name", FAMILIES)
def test_prompts_equal_but_for_names_and_numbers_have_one_structure(name):
    family, rng, found = FAMILIES[name], random.Random(name), {}
    for _ in range(3000):
        problem = family.make(rng, max(1, family.graph_from), 0)
        found.setdefault(abstracted(problem.prompt), set()).add(problem.structure)
    assert all(len(structures) == 1 for structures in found.values())
