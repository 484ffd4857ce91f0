"""Pouring (held out): what a vessel holds after amounts went from vessel to vessel."""

from random import Random

from pipeline.tasks.problem import Step
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
)
from pipeline.tasks.world.lexicon import CONTAINERS, DIGITS, LABELS

_WORDINGS = (
    ("{0} holds {1}", "{0} {3} from {1} to {2}", "{0} ; how many in {1} ?"),
    ("{0} has {1}", "{0} {1} gives {2} {3}", "find what {1} has : {0}"),
    ("in {0} is {1}", "{0} from {1} {3} to {2}", "{0} ; what is in {1} ?"),
    ("{0} holds {1}", "{0} {2} gets {3} from {1}", "{0} ; find what {1} holds"),
)  # start (vessel, number); line (label, giver, taker, amount); prompt (lines, vessel)
_NUM_VESSELS = 3


def write_pour(rng: Random, depth: int, template: int) -> Draft:
    """Three vessels; what goes from one to another is the one's loss and the other's gain. One is asked about.

    Lines between the two others are decoys. The graph is giver and taker of each line, in order, vessels numbered as
    they are first told.
    """
    uniform = rng.random
    start, line, prompt = _WORDINGS[template]
    vessels = draw(uniform, CONTAINERS, _NUM_VESSELS)
    values = [random_digit(uniform) for _ in vessels]
    asked = int(uniform() * _NUM_VESSELS)
    texts = [start.format(vessel, value) for vessel, value in zip(vessels, values, strict=True)]
    steps: list[Step] = []
    graph = str(asked)
    value = values[asked]
    passed = [f"{vessels[asked]} {value}"]
    order = (*interleaved(uniform, depth - 1, 1 + int(uniform() * min(depth + 1, 3))), True)
    for label, is_live in zip(LABELS, order, strict=False):
        giver, taker = _pair(uniform, asked, is_live=is_live)
        amount = random_amount(uniform)
        texts.append(line.format(label, vessels[giver], vessels[taker], amount))
        graph += f" {giver}{taker}"
        text = f"{label} {vessels[giver]} {vessels[taker]}"
        if not is_live:
            passed.append(text)
            continue
        old, value = value, (value + (-amount if giver == asked else amount)) % 10
        text = after(passed, f"{text} {amount} : {old} {'-' if giver == asked else '+'} {amount} =")
        steps.append(digit_step(text, f"{label} =", value))
    return Draft(prompt.format(" ; ".join(texts), vessels[asked]), tuple(steps), DIGITS, graph)


def _pair(uniform: Uniform, asked: int, *, is_live: bool) -> tuple[int, int]:
    """Giver and taker: the vessel asked about and another, or the two others."""
    one, two = (asked + 1) % _NUM_VESSELS, (asked + 2) % _NUM_VESSELS
    if is_live:
        one, two = asked, one if uniform() < 0.5 else two
    return (one, two) if uniform() < 0.5 else (two, one)


POUR = Family(
    name="pour",
    domain="science",
    primitives=("look-up", "update", "inverse"),
    write=write_pour,
    graph_from=3,
)
