"""Look-up questions: the answer format without reasoning, for the trunk of every arm and as a control in eval.

A prompt states several facts of one sort and asks for one of them; the others are the distractors. The
answers are of the kinds that the families answer with, so that a zero in eval means "cannot", not "was
never shown the form".
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Problem
from pipeline.tasks.world import lexicon as words
from pipeline.tasks.world.family import draw
from pipeline.tasks.world.split import Split, split_of

LOOKUP, DOMAIN = "lookup", "general"
_MIN_FACTS, _MAX_FACTS = 5, 9  # four for the directions: there are no more


class _Sort(NamedTuple):
    """{0} is the key, {1} the value: the statement holds both, the question asks for the value."""

    keys: Sequence[str]
    values: Sequence[str]
    statement: str
    question: str


SORTS = (
    _Sort(words.NAMES, words.DIGITS, "{0} has {1}", "how many has {0} ?"),
    _Sort(words.LETTERS, words.DIGITS, "{0} is {1}", "what is {0} ?"),
    _Sort(words.OBJECTS, words.COLOURS, "the {0} is {1}", "what is the {0} ?"),
    _Sort(words.KINDS, words.COLOURS, "every {0} is {1}", "what is every {0} ?"),
    _Sort(words.PLACES, words.NAMES, "at the {0} is {1}", "who is at the {0} ?"),
    _Sort(words.OBJECTS, words.NAMES, "the {0} is with {1}", "who has the {0} ?"),
    _Sort(words.NAMES, words.PLACES, "{0} is at the {1}", "where is {0} ?"),
    _Sort(words.OBJECTS, words.CONTAINERS, "the {0} is in the {1}", "where is the {0} ?"),
    _Sort(words.NAMES, words.OBJECTS, "{0} wants the {1}", "what does {0} find ?"),
    _Sort(words.NAMES, words.CREATURES, "{0} keeps the {1}", "what does {0} find ?"),
    _Sort(words.NAMES, words.KINDS, "{0} is the {1}", "which is {0} ?"),
    _Sort(words.CONTAINERS, words.SUBSTANCES, "the {0} holds {1}", "what is in the {0} ?"),
    _Sort(words.NAMES, words.DIRECTIONS, "{0} faces {1}", "what faces {0} ?"),
    _Sort(words.NAMES, words.LETTERS, "{0} reads {1}", "what reads {0} ?"),
)


def lookup_problem(rng: Random) -> Problem:
    """A question answered by one word of its own text: depth 0, no steps, and its prompt is its structure."""
    uniform = rng.random
    template = int(uniform() * len(SORTS))
    sort = SORTS[template]
    count = min(len(sort.values), _MIN_FACTS + int(uniform() * (_MAX_FACTS - _MIN_FACTS + 1)))
    keys, values = draw(uniform, sort.keys, count), draw(uniform, sort.values, count)
    facts = " . ".join([sort.statement.format(key, value) for key, value in zip(keys, values, strict=True)])
    asked = int(uniform() * count)
    prompt = f"{facts} . {sort.question.format(keys[asked])}"
    return Problem(
        family=LOOKUP,
        domain=DOMAIN,
        template=template,
        depth=0,
        prompt=prompt,
        steps=(),
        answer=values[asked],
        choices=tuple(sort.values),
        structure=f"{LOOKUP} {prompt}",
    )


def lookup_in_split(rng: Random, split: Split) -> Problem:
    """A look-up question of the split: drawn until one is."""
    while True:
        problem = lookup_problem(rng)
        if split_of(problem.structure) == split:
            return problem
