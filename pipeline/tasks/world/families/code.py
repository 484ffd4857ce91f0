"""Code and state: two-variable programs, grid walks and swaps. All are told in order, with line labels."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.families.grid import write_grid
from pipeline.tasks.world.families.swaps import write_swaps
from pipeline.tasks.world.family import (
    Draft,
    Family,
    Uniform,
    after,
    digit_step,
    draw,
    interleaved,
    random_amount,
    random_digit,
    shuffled_order,
)
from pipeline.tasks.world.lexicon import DIGITS, LABELS

_VARIABLES = tuple("uvwxyz")
_DECOY = 2
_PROGRAM_WORDINGS = (
    ("{0} = {1}", "{0} {1} = {2}", "{0} ; show {1}"),
    ("{0} is {1}", "{0} {1} becomes {2}", "{0} ; what is {1} ?"),
    ("{0} : {1}", "{0} {1} : {2}", "find {1} , go {0}"),
    ("{0} is {1}", "{0} {1} : {2}", "what is {1} at last ? {0}"),
)  # start (name, number); line (label, name, expression); prompt (lines, asked name)


class _Line(NamedTuple):
    """target = other-or-target (+|-) amount, or target = target + other."""

    target: int  # 0 or 1; 2 for the decoy
    form: int  # 0: target + amount, 1: other + amount, 2: target + other
    is_minus: bool
    amount: int


def _write_program(rng: Random, depth: int, template: int) -> Draft:
    """Assignments to two variables, each needed for the one that is shown, and to a third that counts for itself.

    The lines of the third are worked out in passing. The graph is the lines in order, each with its target, its form
    and its sign, and which is shown; variables are numbered as they are first told.
    """
    uniform = rng.random
    start, line_form, prompt = _PROGRAM_WORDINGS[template]
    names = draw(uniform, _VARIABLES, 3)
    asked = int(uniform() * 2)
    values = [random_digit(uniform) for _ in names]
    order = shuffled_order(uniform, len(names))
    texts = [start.format(names[i], values[i]) for i in order]
    steps: list[Step] = []
    passed: list[str] = []
    graph = str(order.index(asked))
    for label, line in zip(LABELS, _program(uniform, depth, asked), strict=False):
        target, form, is_minus, _ = line
        left, sign, right = _operands(line, names)
        value = values[names.index(left)]
        operand = values[names.index(right)] if right in names else int(right)
        values[target] = (value + (-operand if is_minus else operand)) % 10
        texts.append(line_form.format(label, names[target], f"{left} {sign} {right}"))
        graph += f"{order.index(target)}{form}{sign}"
        head = f"{label} {names[target]}"
        text = f"{head} = {left} {sign} {right} : {value} {sign} {operand} = {names[target]}"
        if target == _DECOY:
            passed.append(f"{text} {values[target]}")
        else:
            steps.append(digit_step(after(passed, text), f"{head} =", values[target]))
    return Draft(prompt.format(" ; ".join(texts), names[asked]), tuple(steps), DIGITS, graph)


def _operands(line: _Line, names: Sequence[str]) -> tuple[str, str, str]:
    """What a line says at the right: a variable, a sign, and a number or a variable."""
    left = names[1 - line.target if line.form == 1 else line.target]
    right = names[1 - line.target] if line.form == 2 else DIGITS[line.amount]
    return left, "-" if line.is_minus else "+", right


def _program(uniform: Uniform, depth: int, asked: int) -> list[_Line]:
    """`depth` lines that count and up to three of the decoy, written backwards so that it is known what is needed."""
    lines: list[_Line] = []
    live = {asked}
    num_decoys = 1 + int(uniform() * max(1, min(3, 7 - depth)))  # the deepest must fit a row
    for is_live in (True, *interleaved(uniform, depth - 1, num_decoys)):
        if not is_live:
            lines.append(_Line(_DECOY, 0, uniform() < 0.5, random_amount(uniform)))
            continue
        target = int(uniform() * 2) if len(live) == 2 else next(iter(live))
        form = int(uniform() * 3)
        lines.append(_Line(target, form, form < 2 and uniform() < 0.5, random_amount(uniform)))
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
    graph_from=5,
)
SWAPS = Family(
    name="swaps",
    domain="code",
    primitives=("look-up", "update", "chain"),
    write=write_swaps,
    graph_from=2,
)
