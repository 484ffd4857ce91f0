"""What a problem family is, and the small fast tools that families are written with.

A family is a pure function (random stream, depth, template) -> Draft, with what is known about it.
Families differ in story, but are made of few primitives, so that a held-out family shares all of
its primitives with trained ones. Speed matters here: a study draws millions of problems, so the
tools below call `random()` and nothing slower.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from pipeline.tasks.problem import Problem, Step
from pipeline.tasks.world.lexicon import DIGITS, GAINS, LOSSES, OTHER_DIGITS

Domain = Literal["math", "code", "science", "logic"]
Primitive = Literal["look-up", "chain", "update", "composition", "comparison", "inverse"]
Uniform = Callable[[], float]  # `Random.random`: a float in [0, 1)

MAX_AMOUNT = 4  # of what a step adds or takes away
DOMAINS: tuple[Domain, ...] = ("math", "code", "science", "logic")


class Draft(NamedTuple):
    """What a family writes; fields as in `Problem`. `graph` is the dependency graph, names and numbers removed.

    Choices that are not a whole pool are sorted, so that their order says nothing.
    """

    prompt: str
    steps: tuple[Step, ...]
    choices: tuple[str, ...]
    graph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of problem. `write` is the family itself; the rest says what it is."""

    name: str
    domain: Domain
    primitives: tuple[Primitive, ...]
    write: Callable[[Random, int, int], Draft]
    graph_from: int  # depth from which there are enough graphs to split by; below it, by the whole prompt
    num_templates: int = 3  # that corpora may hold; the one beyond them is asked in eval only
    min_depth: int = 1
    max_depth: int = 6  # that corpora may hold; the depths beyond it are asked in eval only
    asked_templates: int = 4
    asked_depth: int = 8

    def make(self, rng: Random, depth: int, template: int) -> Problem:
        """A problem that needs exactly `depth` steps, in the words of `template`."""
        assert self.min_depth <= depth <= self.asked_depth, (self.name, depth)
        assert 0 <= template < self.asked_templates, (self.name, template)
        prompt, steps, choices, graph = self.write(rng, depth, template)
        return Problem(
            family=self.name,
            domain=self.domain,
            template=template,
            depth=depth,
            prompt=prompt,
            steps=steps,
            answer=steps[-1].result,
            choices=choices,
            structure=f"{self.name} {depth} {graph if depth >= self.graph_from else prompt}",
        )


def draw(uniform: Uniform, pool: Sequence[str], count: int) -> list[str]:
    """`count` different words of the pool, in random order."""
    items = list(pool)
    size = len(items)
    for i in range(count):
        j = i + int(uniform() * (size - i))
        items[i], items[j] = items[j], items[i]
    return items[:count]


def shuffled_order(uniform: Uniform, count: int) -> list[int]:
    """The numbers below `count` in random order."""
    keys = [uniform() for _ in range(count)]
    return sorted(range(count), key=keys.__getitem__)


def interleaved(uniform: Uniform, num_main: int, num_other: int) -> list[bool]:
    """`num_main` times True and `num_other` times False, in random order."""
    order: list[bool] = []
    while num_main + num_other:
        is_main = uniform() * (num_main + num_other) < num_main
        order.append(is_main)
        num_main, num_other = num_main - is_main, num_other - (not is_main)
    return order


def random_digit(uniform: Uniform) -> int:
    """0 to 9."""
    return int(uniform() * 10)


def random_amount(uniform: Uniform) -> int:
    """1 to 4: an amount to add or take away. Every step changes the number, by each of eight differences alike.

    With 5 and more, more facts would have to be learnt by heart and the differences modulo 10 would be no more.
    """
    return 1 + int(uniform() * MAX_AMOUNT)


def random_event(uniform: Uniform) -> tuple[bool, str]:
    """Whether it is a gain, and its verb."""
    kind = int(uniform() * 8)
    return kind < 4, GAINS[kind] if kind < 4 else LOSSES[kind - 4]


def after(passed: list[str], text: str) -> str:
    """A step's text behind what a reader goes by on the way to it; `passed` is emptied.

    Who reads line by line names each line that does not count. So each word of a step takes one look back, at what
    stands next to a word just said; the right line found at once takes two, and was not learnt (LOG.md).
    """
    said = " ; ".join([*passed, text])
    passed.clear()
    return said


def others(words: Sequence[str], index: int) -> tuple[str, ...]:
    """All of `words` but the one at `index`."""
    return (*words[:index], *words[index + 1 :])


def digit_step(text: str, terse: str, value: int) -> Step:
    """A step that ends in a number: `value` is written after both texts."""
    result = DIGITS[value]
    return Step(text=f"{text} {result}", terse=f"{terse} {result}", result=result, alternatives=OTHER_DIGITS[result])
