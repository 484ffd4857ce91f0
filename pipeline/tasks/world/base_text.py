"""Base text: plain documents that reward copying from context, and facts to be known by heart, 23 to 110 words each.

Narratives in which a small cast recurs, lists recalled in parts, descriptions said again in another
order, echoes of pairs and sequences, and single facts that hold everywhere. They share the lexicon with the
families but hold no traces: no fact follows from the one before it, no chain is followed. Without the echoes a small
model did not learn to fetch words from its context within its budget, without the facts not to add.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise, permutations
from random import Random

from pipeline.tasks.world import lexicon as words
from pipeline.tasks.world.echo import LONG_POOLS, echo, pick, shuffled
from pipeline.tasks.world.family import MAX_AMOUNT, Uniform, draw, shuffled_order
from pipeline.tasks.world.knowledge import knowledge
from pipeline.tasks.world.sift import sift

# Narratives. X and Y are two of a cast of three; what a person has, feels and keeps stays the same throughout.
_FIELDS = ("name", "place", "thing", "mood", "animal")
_EVENTS = (
    "X_name is at the X_place",
    "X_name walks to the X_place and Y_name waits at the Y_place",
    "X_name runs from the Y_place to the X_place",
    "on {day} X_name meets Y_name at the X_place",
    "in the {time} X_name sits by the X_place and sings",
    "X_name sees the Y_thing of Y_name",
    "X_name likes the X_thing and keeps it in the X_place",
    "X_name wants the Y_thing but Y_name keeps it",
    "X_name brings the X_thing to Y_name at the Y_place",
    "then X_name calls Y_name and says the Y_thing is {adjective}",
    "X_name is X_mood and Y_name is Y_mood",
    "the X_animal of X_name sleeps in the X_place",
    "X_name feeds the X_animal before the Y_animal of Y_name",
    "while X_name works at the X_place the X_animal waits there",
    "X_name {gain} the X_thing here and Y_name {loss} the Y_thing there",
)


def _cast(event: str, x: int, y: int) -> str:
    """The event with its places for X and Y numbered for `str.format`: person 0 has 0 to 4, person 1 has 5 to 9 ..."""
    for i, field in enumerate(_FIELDS):
        event = event.replace(f"X_{field}", f"{{{5 * x + i}}}").replace(f"Y_{field}", f"{{{5 * y + i}}}")
    return event


_CAST_EVENTS = tuple(_cast(event, x, y) for event in _EVENTS for x, y in permutations(range(3), 2))


def narrative(uniform: Uniform) -> str:
    """A story of six to nine events."""
    names, places = draw(uniform, words.NAMES, 3), draw(uniform, words.PLACES, 3)
    colours, objects = draw(uniform, words.COLOURS, 3), draw(uniform, words.OBJECTS, 3)
    moods, animals = draw(uniform, words.ADJECTIVES, 3), draw(uniform, words.CREATURES, 3)
    cast: list[str] = []
    for i in range(3):
        cast += (names[i], places[i], f"{colours[i]} {objects[i]}", moods[i], animals[i])
    story = " . ".join([pick(uniform, _CAST_EVENTS) for _ in range(6 + int(4 * uniform()))])
    return (story + " .").format(
        *cast,
        day=pick(uniform, words.DAYS),
        time=pick(uniform, words.TIMES),
        adjective=pick(uniform, words.ADJECTIVES),
        gain=pick(uniform, words.GAINS),
        loss=pick(uniform, words.LOSSES),
    )


def recall(uniform: Uniform) -> str:
    """A list, then parts of it: neighbours, rows, or all of it again."""
    items = draw(uniform, pick(uniform, LONG_POOLS), 7 + int(3 * uniform()))
    listed = " , ".join(items)
    kind = int(3 * uniform())
    if kind == 0:
        return f"list : {listed} . again : {listed} . first {items[0]} , last {items[-1]} ."
    if kind == 1:
        facts = [f"after {one} : {two}" if uniform() < 0.5 else f"before {two} : {one}" for one, two in pairwise(items)]
        return f"list : {listed} . {' . '.join(shuffled(uniform, facts))} ."
    rows = [f"{number} : {item}" for number, item in enumerate(items)]
    return f"row {' , '.join(rows)} . row {' . row '.join(shuffled(uniform, rows))} ."


# Descriptions: subjects, what is said of them, the fact, and the same fact in other words.
_Fact = tuple[Sequence[str], Sequence[str], str, str]
_FACTS: tuple[_Fact, ...] = (
    (words.PLACES, words.ADJECTIVES, "the {0} is {1}", "here is the {1} {0}"),
    (words.OBJECTS, words.COLOURS, "the {0} is {1}", "here is the {1} {0}"),
    (words.NAMES, words.PLACES, "{0} works at the {1}", "at the {1} works {0}"),
    (words.OBJECTS, words.CONTAINERS, "the {0} is in the {1}", "in the {1} is the {0}"),
    (words.CREATURES, words.PLACES, "the {0} sleeps in the {1}", "in the {1} sleeps the {0}"),
    (words.CONTAINERS, words.SUBSTANCES, "the {0} holds {1}", "{1} is in the {0}"),
    (words.NAMES, words.CREATURES, "{0} keeps the {1}", "the {1} of {0}"),
    (words.NAMES, words.DIGITS, "{0} has {1}", "{1} for {0}"),
    (words.KINDS, words.COLOURS, "the {0} is {1}", "here is the {1} {0}"),
)


def description(uniform: Uniform) -> str:
    """Five or six facts of two sorts, then all but one of them again in other words and another order."""
    first, second = shuffled_order(uniform, len(_FACTS))[:2]
    facts = [*_facts(uniform, _FACTS[first], 3), *_facts(uniform, _FACTS[second], 2 + int(2 * uniform()))]
    said = " . ".join([facts[i][0] for i in shuffled_order(uniform, len(facts))])
    again = " . ".join([facts[i][1] for i in shuffled_order(uniform, len(facts))[:-1]])
    return f"{said} . {again} ."


def _facts(uniform: Uniform, fact: _Fact, count: int) -> list[tuple[str, str]]:
    subjects, values, said, again = fact
    pairs = zip(draw(uniform, subjects, count), draw(uniform, values, count), strict=True)
    return [(said.format(subject, value), again.format(subject, value)) for subject, value in pairs]


# Facts: the sums modulo 10 and the turns of the compass that the families take for granted. No sum of zero: where one
# in ten was, the model had not begun to add after 1.7M tokens (LOG.md).
_AMOUNTS = range(1, MAX_AMOUNT + 1)
_SIDES = ("north", "east", "south", "west")
_HEART = (
    *(f"{a} + {b} = {(a + b) % 10}" for a in range(10) for b in _AMOUNTS),
    *(f"{a} - {b} = {(a - b) % 10}" for a in range(10) for b in _AMOUNTS),
    *(f"{side} right = {_SIDES[(i + 1) % 4]}" for i, side in enumerate(_SIDES)),
    *(f"{side} left = {_SIDES[(i - 1) % 4]}" for i, side in enumerate(_SIDES)),
)


def fact(uniform: Uniform) -> str:
    """Six to sixteen facts of no order."""
    return " . ".join([pick(uniform, _HEART) for _ in range(6 + int(11 * uniform()))]) + " ."


KINDS: dict[str, Callable[[Uniform], str]] = {
    "narrative": narrative,
    "recall": recall,
    "description": description,
    "echo": echo,
    "fact": fact,
    "sift": sift,
    "knowledge": knowledge,
}
"""How a document of each kind is written."""


def base_text(rng: Random, kind: str) -> str:
    """A plain document of a kind: words of the lexicon, separated by single spaces."""
    return KINDS[kind](rng.random)
