"""The shared body of the families that pass a number along a chain of statements in shuffled order.

Each draws nodes, a main chain from a start to the node asked for, sometimes a node beyond it, and a
decoy chain with a start of its own; only the wording differs. Starts are uniform modulo 10 whatever
the amounts are, so the answer is uniform given all of the prompt's words but one.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Uniform, digit_step, draw, random_amount, random_digit, shuffled_order
from pipeline.tasks.world.lexicon import DIGITS

_SIGNS = ("+", "-", "+", "-")
_CODES = ("+", "-", "<+", "<-")


class Wording(NamedTuple):
    """One surface template, in `str.format` forms."""

    start: str  # {0} node, {1} its number
    links: tuple[
        str, ...
    ]  # {0} new node, {1} old, {2} amount: plus, minus, and maybe both said from the old node's side
    prompt: str  # {0} statements, {1} start node, {2} asked node


class _Link(NamedTuple):
    statement: str
    code: str  # place and kind, for the graph


def write_sum(pool: Sequence[str], wording: Wording, rng: Random, depth: int) -> Draft:
    """A draft of `depth` links.

    The graph is the order of the statements, each with its place in its chain, its sign and its side,
    and where the main chain ends.
    """
    uniform = rng.random
    num_beyond = 1 if depth < 6 and uniform() < 0.5 else 0
    num_decoys = 1 + int(uniform() * min(depth + 1, 3 if depth < 6 else 2))  # the deepest must fit a row
    nodes = draw(uniform, pool, depth + num_beyond + num_decoys + 2)
    links, steps = _links(uniform, wording, nodes, depth, depth + num_beyond + 1)
    shuffled = [links[i] for i in shuffled_order(uniform, len(links))]
    return Draft(
        wording.prompt.format(" ; ".join([link.statement for link in shuffled]), nodes[0], nodes[depth]),
        tuple(steps),
        DIGITS,
        f"{num_beyond} " + "".join([link.code for link in shuffled]),
    )


def _links(
    uniform: Uniform, wording: Wording, nodes: list[str], depth: int, first_decoy: int
) -> tuple[list[_Link], list[Step]]:
    """Starts and links of both chains, and the steps up to node `depth` of the main one, which starts at node 0."""
    links: list[_Link] = []
    steps: list[Step] = []
    value = 0
    for i, new in enumerate(nodes):
        if i in (0, first_decoy):
            value = random_digit(uniform)
            links.append(_Link(wording.start.format(new, value), f"{i}."))
            continue
        old, amount, kind = nodes[i - 1], random_amount(uniform), int(uniform() * len(wording.links))
        links.append(_Link(wording.links[kind].format(new, old, amount), f"{i}{_CODES[kind]}"))
        before, value = value, (value + (-amount if kind & 1 else amount)) % 10
        if i <= depth:
            change = f"{_SIGNS[kind]} {amount}"
            steps.append(digit_step(f"{old} {change} = {new} : {before} {change} = {new}", f"{new} =", value))
    return links, steps
