"""Mathematics: variable chains, running totals in a story, and comparison chains (held out)."""

from random import Random

from pipeline.tasks.problem import Step
from pipeline.tasks.world.families.sums import Wording, write_sum
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
from pipeline.tasks.world.lexicon import DIGITS, LABELS, LETTERS, NAMES, OBJECTS

_CHAIN_WORDINGS = (
    Wording("{0} = {1}", ("{1} + {2} = {0}", "{1} - {2} = {0}"), "{0} ; from {1} , what is {2} ?"),
    Wording("{0} is {1}", ("{0} is {1} plus {2}", "{0} is {1} minus {2}"), "start at {1} , find {2} : {0}"),
    Wording("{0} : {1}", ("from {1} add {2} : {0}", "from {1} take {2} : {0}"), "{0} ; go from {1} to {2}"),
    Wording("{0} is {1}", ("{0} : {2} more than {1}", "{0} : {2} less than {1}"), "find {2} , start at {1} : {0}"),
)
_COMPARE_WORDINGS = (
    Wording(
        "{0} has {1}",
        ("{0} has {2} more than {1}", "{0} has {2} less than {1}"),
        "{0} ; from {1} , how many has {2} ?",
    ),
    Wording(
        "{0} holds {1}",
        ("{0} holds {1} plus {2}", "{0} holds {1} minus {2}"),
        "find what {2} holds , from {1} : {0}",
    ),
    Wording("{0} shows {1}", ("{0} is {2} above {1}", "{0} is {2} below {1}"), "{0} ; from {1} , find {2}"),
    Wording(
        "{0} holds {1}",
        ("{0} has {2} more than {1}", "{0} has {2} less than {1}"),
        "how many has {2} , from {1} ? {0}",
    ),
)
_STORY_EVENTS = (
    "{0} {1} {2} {3}",
    "{0} {1} {2} {3} {4}",
    "{0} {1} now {2} {3}",
    "{0} {1} {2} {3} {4}",
)  # label, name, verb, amount, object
_STORY_STARTS = (
    "{0} {1} has {2}",
    "{0} {1} has {2} {3}",
    "{0} {1} is at {2}",
    "{0} {1} is at {2}",
)  # label, name, number, object
_STORY_PROMPTS = (
    "{0} ; how many has {1} ?",
    "find how many {2} {1} has : {0}",
    "{0} ; find what {1} has now",
    "{0} ; how many {2} has {1} ?",
)  # lines, name, object


def _write_chain(rng: Random, depth: int, template: int) -> Draft:
    """Variables, each given by the one before it; a decoy chain and sometimes a variable beyond the one asked for."""
    return write_sum(LETTERS, _CHAIN_WORDINGS[template], rng, depth)


def _write_comparison(rng: Random, depth: int, template: int) -> Draft:
    """Who has how many more than whom: the graph of `chains` in the words of `story` and `units`."""
    return write_sum(NAMES, _COMPARE_WORDINGS[template], rng, depth)


def _write_story(rng: Random, depth: int, template: int) -> Draft:
    """What two people gain and lose, told in order with line labels; one of them is asked about.

    The last line is theirs, so that who reads line by line stops where the lines do. The graph is whose line each is,
    in order, and whether it is a gain.
    """
    uniform = rng.random
    main, decoy = draw(uniform, NAMES, 2)
    thing = OBJECTS[int(uniform() * len(OBJECTS))]
    num_decoys = 2 + int(uniform() * min(depth + 1, 4))
    values: dict[str, int] = {}
    lines: list[str] = []
    steps: list[Step] = []
    passed: list[str] = []
    graph = ""
    for label, is_main in zip(LABELS, (*interleaved(uniform, depth, num_decoys), True), strict=False):
        who = main if is_main else decoy
        if who not in values:
            values[who] = random_digit(uniform)
            lines.append(_STORY_STARTS[template].format(label, who, values[who], thing))
            passed.append(f"{label} {who} {values[who]}" if is_main else f"{label} {who}")
            graph += "M" if is_main else "D"
            continue
        amount, is_gain, verb = random_amount(uniform), *random_event(uniform)
        lines.append(_STORY_EVENTS[template].format(label, who, verb, amount, thing))
        graph += ("m" if is_main else "d") + ("+" if is_gain else "-")
        old, values[who] = values[who], (values[who] + (amount if is_gain else -amount)) % 10
        if not is_main:
            passed.append(f"{label} {who}")
            continue
        change = f"{'+' if is_gain else '-'} {amount}"
        text = after(passed, f"{label} {who} {verb} {amount} : {old} {change} =")
        steps.append(digit_step(text, f"{label} =", values[who]))
    return Draft(_STORY_PROMPTS[template].format(" ; ".join(lines), main, thing), tuple(steps), DIGITS, graph)


CHAINS = Family(
    name="chains",
    domain="math",
    primitives=("look-up", "chain", "update"),
    write=_write_chain,
    graph_from=1,
)
STORY = Family(
    name="story",
    domain="math",
    primitives=("look-up", "update"),
    write=_write_story,
    graph_from=2,
)
COMPARE = Family(
    name="compare",
    domain="math",
    primitives=("look-up", "chain", "update", "comparison"),
    write=_write_comparison,
    graph_from=1,
)
