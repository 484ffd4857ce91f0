"""Undoing: what two people had at first, worked out from what they have at last, line by line backwards."""

from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import (
    Draft,
    Family,
    after,
    digit_step,
    draw,
    interleaved,
    random_amount,
    random_digit,
    random_event,
)
from pipeline.tasks.world.lexicon import DIGITS, LABELS, NAMES, OBJECTS

_EVENTS = (
    "{0} {1} {2} {3}",
    "{0} {1} {2} {3} {4}",
    "{0} {1} then {2} {3}",
    "{0} {1} {2} {3} {4}",
)  # label, name, verb, amount, object
_ENDS = (
    "now {0} has {1}",
    "{0} has {1} at last",
    "at last {0} has {1}",
    "now {0} has {1} {2}",
)  # name, number, object
_PROMPTS = (
    "{0} ; how many has {1} first ?",
    "find how many {2} {1} has at first : {0}",
    "{0} ; find what {1} has before",
    "{0} ; how many {2} has {1} first ?",
)  # lines, name, object


class _Line(NamedTuple):
    label: str
    who: str
    verb: str
    amount: int
    is_gain: bool
    is_main: bool


def write_undo(rng: Random, depth: int, template: int) -> Draft:
    """A story told without its beginning: the last numbers of two people stand at its end, one's first is asked for.

    Numbers are drawn at the end, so each end says nothing of its beginning but through the lines. The graph is whose
    line each is, in order, whether it is a gain, and whose end is told first.
    """
    uniform = rng.random
    people = draw(uniform, NAMES, 2)
    thing = OBJECTS[int(uniform() * len(OBJECTS))]
    ends = [random_digit(uniform), random_digit(uniform)]
    num_decoys = 1 + int(uniform() * min(depth + 1, 4))
    lines: list[str] = []
    told: list[_Line] = []
    graph = ""
    for label, is_main in zip(LABELS, (True, *interleaved(uniform, depth - 1, num_decoys)), strict=False):
        amount, is_gain, verb = random_amount(uniform), *random_event(uniform)
        lines.append(_EVENTS[template].format(label, people[not is_main], verb, amount, thing))
        graph += ("m" if is_main else "d") + ("+" if is_gain else "-")
        told.append(_Line(label, people[not is_main], verb, amount, is_gain, is_main))
    first = int(uniform() * 2)
    lines.extend(_ENDS[template].format(people[each], ends[each], thing) for each in (first, 1 - first))
    text = _PROMPTS[template].format(" ; ".join(lines), people[0], thing)
    return Draft(text, _backwards(told, people[0], ends[0]), DIGITS, f"{graph}{first}")


def _backwards(told: list[_Line], person: str, value: int) -> tuple[Step, ...]:
    """The lines that count from the last to the first, each taken back, from the person's last number."""
    undone: list[Step] = []
    passed = [f"{person} {value}"]
    for label, who, verb, amount, is_gain, is_main in reversed(told):
        if not is_main:
            passed.append(f"{label} {who}")
            continue
        old, value = value, (value + (-amount if is_gain else amount)) % 10
        text = after(passed, f"{label} {who} {verb} {amount} : {old} {'-' if is_gain else '+'} {amount} =")
        undone.append(digit_step(text, f"{label} =", value))
    return tuple(undone)


UNDO = Family(
    name="undo",
    domain="math",
    primitives=("look-up", "update", "inverse"),
    write=write_undo,
    graph_from=3,
)
