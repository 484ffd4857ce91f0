"""The shared body of the families that walk by rules of two keys: (state, key) -> next state.

A walk takes `depth` keys from a first state. The table is whole: every state has a rule for every key,
and each key leads the states around in one round, so every state is named equally often on each side of
each key, and knowing the last key alone says nothing about the last state.
"""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Uniform, draw, others, shuffled_order

_NUM_STATES = 5
_NUM_KEYS = 2
_STATE_CODES, _KEY_CODES = "01234", "ab"
_Table = dict[tuple[int, int], int]


class RuleWording(NamedTuple):
    """One surface template, in `str.format` forms."""

    rule: str  # {0} state, {1} key, {2} next state
    prompt: str  # {0} rules, {1} first state, {2} keys
    between: str  # stands between two keys
    step: str  # {0} state, {1} key, {2} next state (last)
    last_first: bool = False  # the keys are named from the last to the first, as in "boss of friend of"


def write_rules(states: Sequence[str], keys: Sequence[str], wording: RuleWording, rng: Random, depth: int) -> Draft:
    """A draft of `depth` rule applications.

    The graph is the walk and the rules in order, with states and keys numbered as they are met in reading these.
    """
    uniform = rng.random
    names, key_names = draw(uniform, states, _NUM_STATES), draw(uniform, keys, _NUM_KEYS)
    table = _table(uniform)
    path = _walk(uniform, table, depth)
    rules = [(state, key, after) for (state, key), after in table.items()]
    shuffled = [rules[i] for i in shuffled_order(uniform, len(rules))]
    texts = [wording.rule.format(names[state], key_names[key], names[after]) for state, key, after in shuffled]
    asked = [f"{i + 1} {key_names[key]}" for i, (_, key, _) in enumerate(path)]
    if wording.last_first:
        asked.reverse()
    return Draft(
        wording.prompt.format(" ; ".join(texts), names[path[0][0]], wording.between.join(asked)),
        tuple([_step(wording, i + 1, names, key_names[move[1]], move) for i, move in enumerate(path)]),
        tuple(sorted(names)),
        canonical("".join([f"{state}{_KEY_CODES[key]}{after}" for state, key, after in (*path, *shuffled)])),
    )


def canonical(rules: str) -> str:
    """The rules with states (0-4) and keys (a, b) renamed as they come, so that equal graphs are equal texts."""
    seen = dict.fromkeys(rules)
    states = "".join([code for code in seen if code in _STATE_CODES])
    keys = "".join([code for code in seen if code in _KEY_CODES])
    return rules.translate(str.maketrans(states + keys, _STATE_CODES[: len(states)] + _KEY_CODES[: len(keys)]))


def _table(uniform: Uniform) -> _Table:
    """For each key, all states in one random round."""
    table: _Table = {}
    for key in range(_NUM_KEYS):
        round_ = shuffled_order(uniform, _NUM_STATES)
        for state, after in pairwise([*round_, round_[0]]):
            table[state, key] = after
    return table


def _walk(uniform: Uniform, table: _Table, depth: int) -> list[tuple[int, int, int]]:
    """(state, key, next state) for each step, from state 0."""
    path: list[tuple[int, int, int]] = []
    state = 0
    for _ in range(depth):
        key = int(uniform() * _NUM_KEYS)
        path.append((state, key, table[state, key]))
        state = table[state, key]
    return path


def _step(wording: RuleWording, number: int, names: list[str], key: str, move: tuple[int, int, int]) -> Step:
    state, _, after = move
    return Step(
        text=f"{number} {wording.step.format(names[state], key, names[after])}",
        terse=f"{number} {names[after]}",
        result=names[after],
        alternatives=others(names, after),
    )
