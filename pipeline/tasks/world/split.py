"""Which problems are for training, for choosing (dev) and for the claims (test): by structure.

A problem's split is a hash of its structure (family, depth and dependency graph, without names and
numbers; the whole prompt where a family has too few graphs). So no test problem is a trained one
with other names, whatever corpora and seeds are drawn. 80 / 10 / 10, fixed for ever by the rule.
"""

import hashlib
from random import Random
from typing import Literal

from pipeline.tasks.problem import Problem
from pipeline.tasks.world.family import Family

Split = Literal["train", "dev", "test"]


def hash_of(structure: str) -> str:
    """The 16 hex digits by which a structure is known in documents and eval rows."""
    return hashlib.blake2b(structure.encode(), digest_size=8).hexdigest()


def structure_hash(problem: Problem) -> str:
    """`hash_of` the problem's structure."""
    return hash_of(problem.structure)


def split_of_hash(digest: str) -> Split:
    """The split of a structure known by its hash only, as a document's is."""
    tenth = int(digest, 16) % 10
    return "train" if tenth < 8 else "dev" if tenth == 8 else "test"


def split_of(structure: str) -> Split:
    """The split that every problem of this structure belongs to."""
    return split_of_hash(hash_of(structure))


def make_in_split(family: Family, rng: Random, depth: int, template: int, split: Split) -> Problem:
    """A problem of the split: problems are drawn until one is (on average 1.25 for train, 10 for the others)."""
    while True:
        problem = family.make(rng, depth, template)
        if split_of(problem.structure) == split:
            return problem
