"""Guards: a number under instructions that hold only while a light has their colour."""

from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import (
    Draft,
    Family,
    Uniform,
    after,
    digit_step,
    draw,
    interleaved,
    others,
    random_amount,
    random_digit,
)
from pipeline.tasks.world.lexicon import COLOURS, DIGITS, LABELS

_VARIABLES = tuple("uvwxyz")
_NUM_COLOURS = 3


class _Wording(NamedTuple):
    """One surface template, in `str.format` forms."""

    start: str  # {0} colour, {1} variable, {2} its number
    turn: str  # {0} label, {1} colour
    plus: str  # {0} label, {1} colour, {2} amount
    minus: str
    prompt: str  # {0} lines, {1} variable


_WORDINGS = (
    _Wording("light {0} ; {1} = {2}", "{0} light {1}", "{0} {1} + {2}", "{0} {1} - {2}", "{0} ; show {1}"),
    _Wording(
        "light is {0} ; {1} is {2}",
        "{0} light is {1}",
        "{0} if {1} add {2}",
        "{0} if {1} take {2}",
        "{0} ; what is {1} ?",
    ),
    _Wording("start {0} ; {1} : {2}", "{0} turn {1}", "{0} {1} plus {2}", "{0} {1} minus {2}", "find {1} , {0}"),
    _Wording(
        "start {0} ; {1} is {2}",
        "{0} becomes {1}",
        "{0} if {1} + {2}",
        "{0} if {1} - {2}",
        "what is {1} at last ? {0}",
    ),
)


class _Line(NamedTuple):
    turn: bool  # the light changes; else a number is added or taken away while the light has the line's colour
    colour: int
    is_minus: bool
    amount: int
    is_live: bool  # whether it counts


def write_guards(rng: Random, depth: int, template: int) -> Draft:
    """Lines that each hold under one of three colours, and lines that change the light; the number at last is asked.

    The graph is the lines in order, colours numbered as they come, and their signs.
    """
    uniform = rng.random
    wording = _WORDINGS[template]
    colours = draw(uniform, COLOURS, _NUM_COLOURS)
    variable, value = _VARIABLES[int(uniform() * len(_VARIABLES))], random_digit(uniform)
    texts = [wording.start.format(colours[0], variable, value)]
    steps: list[Step] = []
    passed = [f"light {colours[0]}", f"{variable} {value}"]
    codes: list[str] = []
    for label, line in zip(LABELS, _lines(uniform, depth), strict=False):
        colour = colours[line.colour]
        codes.append(f"{'t' if line.turn else '-' if line.is_minus else '+'}{line.colour}")
        if line.turn:
            texts.append(wording.turn.format(label, colour))
            steps.append(_turn_step(after(passed, f"{label} light"), label, colours, line.colour))
            continue
        texts.append((wording.minus if line.is_minus else wording.plus).format(label, colour, line.amount))
        if not line.is_live:
            passed.append(f"{label} {colour}")
            continue
        old, value = value, (value + (-line.amount if line.is_minus else line.amount)) % 10
        change = f"{'-' if line.is_minus else '+'} {line.amount}"
        text = after(passed, f"{label} {colour} {change} : {old} {change} =")
        steps.append(digit_step(text, f"{label} =", value))
    return Draft(wording.prompt.format(" ; ".join(texts), variable), tuple(steps), DIGITS, canonical("".join(codes)))


def canonical(codes: str) -> str:
    """The codes with the colours that are not the first, 1 and 2, named as they come: equal graphs, equal texts."""
    is_turned = "2" in codes and ("1" not in codes or codes.index("2") < codes.index("1"))
    return codes.translate(str.maketrans("12", "21")) if is_turned else codes


def _lines(uniform: Uniform, depth: int) -> list[_Line]:
    """`depth` lines that count, the last of them with a number, and two to four guarded by other colours."""
    lines: list[_Line] = []
    light, left = 0, depth
    for is_live in (*interleaved(uniform, depth - 1, 2 + int(uniform() * min(depth + 1, 3))), True):
        other = (light + 1 + int(uniform() * 2)) % _NUM_COLOURS
        left -= is_live
        is_turn = is_live and left > 0 and uniform() < 0.35
        colour = light if is_live and not is_turn else other
        lines.append(_Line(is_turn, colour, uniform() < 0.5, random_amount(uniform), is_live))
        light = colour if is_turn else light
    return lines


def _turn_step(text: str, label: str, colours: list[str], new: int) -> Step:
    return Step(
        text=f"{text} {colours[new]}",
        terse=f"{label} = {colours[new]}",
        result=colours[new],
        alternatives=others(colours, new),
    )


GUARDS = Family(
    name="guards",
    domain="code",
    primitives=("look-up", "update", "comparison"),
    write=write_guards,
    graph_from=3,
)
