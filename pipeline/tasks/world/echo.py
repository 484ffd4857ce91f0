"""Echoes: sequences said again, and pairs asked back by their key - to guess the next word is to fetch it.

The families fetch operands from their question all the time, and a small model learns to fetch late. What brought it
forward in measurement (LOG.md, 2026-11-21) is a ladder of echoes: sequences, which can be copied by place; pairs whose
value stands right behind the key, in another order each time; pairs with words in between; and pairs asked for, with
up to six words between what is asked for and the answer, from the key to the value or back: between a question and
its answer stand marks, and a model that fetches only across a word cannot cross them. Few pairs come as often as many,
and words of all kinds as often as words of one.
"""

from collections.abc import Sequence
from typing import TypeVar

from pipeline.tasks.world import lexicon as words
from pipeline.tasks.world.family import Uniform, draw, shuffled_order

Item = TypeVar("Item")

POOLS: tuple[Sequence[str], ...] = (
    *(words.NAMES, words.COLOURS, words.PLACES, words.OBJECTS, words.CONTAINERS, words.CREATURES, words.KINDS),
    *(words.SUBSTANCES, words.LETTERS, words.DIGITS),
)
LONG_POOLS: tuple[Sequence[str], ...] = tuple(pool for pool in POOLS if len(pool) >= 10)
_ALL_WORDS = tuple(word for word in words.WORDS if word not in words.SYMBOLS)

_FEWEST_WORDS, _MOST_WORDS = 23, 110  # of a document
_NEXT_TO_EACH_OTHER = "{} {}"
_APART = ("{} : {}", "{} is {}", "{} has {}", "the {} is {}", "{} is in the {}", "the {} of {}", "{} wants the {}")
_ASKED = (  # one to six words between what is asked for and the answer
    "{0} : {1}",
    "what is {0} ? {1}",
    "from {0} , show {1}",
    "find {0} and show it : {1}",
    "what is {0} ? now it is {1}",
    "which has {0} in the list ? {1}",
    "start at {0} , and then find what is {1}",
)


def echo(uniform: Uniform) -> str:
    """A sequence said again (one in six), or pairs told and asked back in other orders."""
    return _sequence(uniform) if uniform() < 1 / 6 else _pairs(uniform)


def _sequence(uniform: Uniform) -> str:
    sequence = " ".join(draw(uniform, _ALL_WORDS, 6 + int(10 * uniform())))
    return f"copy : {sequence} ; {sequence} ; {sequence} ."


def _pairs(uniform: Uniform) -> str:
    """Pairs, then all of them again, in rounds."""
    count = 2 + int(7 * uniform())
    keys, values = _keys(uniform, count), draw(uniform, choose_words(uniform), count)
    told, again = _forms(uniform)
    comma = pick(uniform, (" , ", " . ", " ")) if told == _NEXT_TO_EACH_OTHER else pick(uniform, (" , ", " . "))
    pairs = list(zip(keys, values, strict=True))
    text = comma.join([told.format(*pair) for pair in pairs])
    most = 1 + int(4 * uniform())
    while (said := len(text.split())) < _FEWEST_WORDS or most > 0:
        asked = comma.join([again.format(*pair) for pair in shuffled(uniform, pairs)])
        if said >= _FEWEST_WORDS and said + len(asked.split()) > _MOST_WORDS - 2:
            break
        text, most = f"{text} ; {asked}", most - 1
    return f"{text} ."


def _keys(uniform: Uniform, count: int) -> list[str]:
    """Different words; in a quarter of the documents pairs of them, of which neither word alone tells the value."""
    if uniform() < 0.75:
        return draw(uniform, choose_words(uniform), count)
    firsts, seconds = draw(uniform, choose_words(uniform), 3), draw(uniform, choose_words(uniform), 3)
    return draw(uniform, [f"{first} {second}" for first in firsts for second in seconds], count)


def choose_words(uniform: Uniform) -> Sequence[str]:
    """The words of one kind, or all there are."""
    return _ALL_WORDS if uniform() < 0.5 else pick(uniform, LONG_POOLS)


def _forms(uniform: Uniform) -> tuple[str, str]:
    """How a pair is told, and said again: side by side in a third of the documents, asked for in half of them."""
    kind = uniform()
    if kind < 1 / 3:
        return _NEXT_TO_EACH_OTHER, _NEXT_TO_EACH_OTHER
    told = pick(uniform, _APART)
    if kind < 1 / 2:
        return told, told
    again = pick(uniform, _ASKED)
    return told, again if uniform() < 1 / 2 else again.format("{1}", "{0}")


def pick(uniform: Uniform, pool: Sequence[Item]) -> Item:
    """One of the pool."""
    return pool[int(uniform() * len(pool))]


def shuffled(uniform: Uniform, items: Sequence[Item]) -> list[Item]:
    """All of them in another order."""
    return [items[i] for i in shuffled_order(uniform, len(items))]
