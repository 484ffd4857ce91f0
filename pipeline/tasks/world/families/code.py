"""Code and state: two-variable programs, grid walks and swaps. All are told in order, with line labels."""

from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.families.grid import write_grid
from pipeline.tasks.world.families.swaps import write_swaps
from pipeline.tasks.world.family import Draft, Family, Uniform, digit_step, draw, random_amount, random_digit
from pipeline.tasks.world.lexicon import DIGITS, LABELS

_VARIABLES = tuple("uvwxyz")
_PROGRAM_WORDINGS = (
    ("{0} = {1}", "{0} {1} = {2}", "{0} ; show {1}"),
    ("{0} is {1}", "{0} {1} becomes {2}", "{0} ; what is {1} ?"),
    ("{0} : {1}", "{0} {1} : {2}", "find {1} , go {0}"),
    ("{0} is {1}", "{0} {1} : {2}", "what is {1} at last ? {0}"),
)  # start (name, number); line (label, name, expression); prompt (lines, asked name)


class _Line(NamedTuple):
    """target = other-or-target (+|-) amount, or target = target + other."""

    target: int  # 0 or 1
    form: int  # 0: target + amount, 1: other + amount, 2: target + other
    is_minus: bool
    amount: int
    is_live: bool  # whether the answer needs it


def _write_program(rng: Random, depth: int, template: int) -> Draft:
    """Assignments to two variables, some without effect on the one that is shown.

    The graph is the lines in order, each with its target, its form and its sign, and which is shown.
    """
    uniform = rng.random
    start, line_form, prompt = _PROGRAM_WORDINGS[template]
    names = draw(uniform, _VARIABLES, 2)
    asked = int(uniform() * 2)
    lines = _program(uniform, depth, asked)
    values = [random_digit(uniform), random_digit(uniform)]
    texts = [start.format(name, value) for name, value in zip(names, values, strict=True)]
    steps: list[Step] = []
    graph = str(asked)
    for label, line in zip(LABELS, lines, strict=False):
        target, form, is_minus, amount, is_live = line
        left = names[target if form != 1 else 1 - target]
        sign, right = "-" if is_minus else "+", names[1 - target] if form == 2 else DIGITS[amount]
        before, other = values[target if form != 1 else 1 - target], values[1 - target] if form == 2 else amount
        values[target] = (before + (-other if is_minus else other)) % 10
        texts.append(line_form.format(label, names[target], f"{left} {sign} {right}"))
        graph += f"{target}{form}{sign}"
        if is_live:
            head = f"{label} {names[target]} ="
            steps.append(digit_step(f"{head} {before} {sign} {other} =", head, values[target]))
    return Draft(prompt.format(" ; ".join(texts), names[asked]), tuple(steps), DIGITS, graph)


def _program(uniform: Uniform, depth: int, asked: int) -> list[_Line]:
    """`depth` live lines and up to three dead ones, written backwards so that it is known what is live."""
    lines: list[_Line] = []
    live, num_live, num_dead = {asked}, depth, 1 + int(uniform() * 3)
    while num_live:
        is_dead = num_dead > 0 and len(live) == 1 and uniform() < 0.5
        target = int(uniform() * 2) if len(live) == 2 else (next(iter(live)) ^ is_dead)
        form = int(uniform() * 3)
        lines.append(_Line(target, form, form < 2 and uniform() < 0.5, random_amount(uniform), not is_dead))
        if is_dead:
            num_dead -= 1
            continue
        num_live -= 1
        if form == 1:
            live = (live - {target}) | {1 - target}
        elif form == 2:
            live = {0, 1}
    return lines[::-1]


PROGRAM = Family(
    name="program",
    domain="code",
    primitives=("look-up", "update", "composition"),
    write=_write_program,
    graph_from=2,
)
GRID = Family(
    name="grid",
    domain="code",
    primitives=("look-up", "update", "composition", "inverse"),
    write=write_grid,
    graph_from=4,
)
SWAPS = Family(
    name="swaps",
    domain="code",
    primitives=("look-up", "update", "chain"),
    write=write_swaps,
    graph_from=2,
)
