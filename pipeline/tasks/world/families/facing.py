"""Facing: who looks where, each turned right, left or the same way as another."""

from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Family, draw, others, shuffled_order
from pipeline.tasks.world.lexicon import DIRECTIONS, NAMES

_TURNS = ("same", "right", "left")
_CODES = ("=", ">", "<")
_QUARTERS = (0, 1, 3)


class _Wording(NamedTuple):
    """One surface template, in `str.format` forms."""

    start: str  # {0} name, {1} direction
    link: str  # {0} new name, {1} old, {2} turn
    prompt: str  # {0} statements, {1} first name, {2} asked name


_WORDINGS = (
    _Wording("{0} faces {1}", "{0} faces {2} of {1}", "{0} ; from {1} , where is {2} ?"),
    _Wording("{0} : {1}", "{1} turn {2} : {0}", "start at {1} , find {2} : {0}"),
    _Wording("{0} is {1}", "{1} {2} to {0}", "{0} ; from {1} go to {2}"),
    _Wording("{0} at {1}", "{0} with {1} turn {2}", "where is {2} , from {1} ? {0}"),
)


def write_facing(rng: Random, depth: int, template: int) -> Draft:
    """A chain of people in shuffled order, a decoy chain with a start of its own, sometimes one beyond the one asked.

    Starts are uniform, and each turn is as likely as the others, so that the directions that are told say little of the
    answer. The graph is the order of the statements, each with its place and its turn, and where the main chain ends.
    """
    uniform = rng.random
    wording = _WORDINGS[template]
    num_beyond = 1 if depth < 6 and uniform() < 0.5 else 0
    num_decoys = 1 + int(uniform() * min(depth + 1, 3 if depth < 6 else 2))  # the deepest must fit a row
    people = draw(uniform, NAMES, depth + num_beyond + num_decoys + 2)
    statements: list[tuple[str, str]] = []  # words, code
    steps: list[Step] = []
    facing = 0
    for i, new in enumerate(people):
        if i in (0, depth + num_beyond + 1):
            facing = int(uniform() * 4)
            statements.append((wording.start.format(new, DIRECTIONS[facing]), f"{i}."))
            continue
        turn = int(uniform() * 3)
        statements.append((wording.link.format(new, people[i - 1], _TURNS[turn]), f"{i}{_CODES[turn]}"))
        before, facing = facing, (facing + _QUARTERS[turn]) % 4
        if i <= depth:
            steps.append(_step(people[i - 1], new, before, turn, facing))
    shuffled = [statements[i] for i in shuffled_order(uniform, len(statements))]
    return Draft(
        wording.prompt.format(" ; ".join([words for words, _ in shuffled]), people[0], people[depth]),
        tuple(steps),
        DIRECTIONS,
        f"{num_beyond} " + "".join([code for _, code in shuffled]),
    )


def _step(old: str, new: str, before: int, turn: int, facing: int) -> Step:
    result = DIRECTIONS[facing]
    return Step(
        text=f"{old} {_TURNS[turn]} {new} : {DIRECTIONS[before]} {_TURNS[turn]} = {new} {result}",
        terse=f"{new} = {result}",
        result=result,
        alternatives=others(DIRECTIONS, facing),
    )


FACING = Family(
    name="facing",
    domain="logic",
    primitives=("look-up", "chain", "composition"),
    write=write_facing,
    graph_from=1,
)
