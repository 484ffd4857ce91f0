"""Entity pools: the names of a problem replaced by those of one of a few casts.

A cast gives each pool an order: the first name of a pool that a problem says becomes the cast's first of that pool, and
so on. So few casts mean few sets of entities, while graphs, numbers and words stay what they are. Letters and reagents
are kept, as labels and other words are among them.
"""

from collections import Counter
from dataclasses import replace
from functools import cache

from pipeline.core.seeds import rng
from pipeline.tasks.problem import Problem, Step
from pipeline.tasks.world import lexicon as words
from pipeline.tasks.world.family import draw

ENTITIES = (
    *(words.NAMES, words.COLOURS, words.PLACES, words.OBJECTS),
    *(words.CONTAINERS, words.CREATURES, words.KINDS, words.SUBSTANCES),
)
POOL_OF = {word: index for index, pool in enumerate(ENTITIES) for word in pool}


def recast(problem: Problem, cast: int) -> Problem:
    """The problem with the entities of a cast, numbered from 0; its structure follows where it is the prompt."""
    names = _mapping(problem, cast)

    def renamed(text: str) -> str:
        return " ".join([names.get(word, word) for word in text.split(" ")])

    prompt = renamed(problem.prompt)
    choices = [names.get(choice, choice) for choice in problem.choices]
    return replace(
        problem,
        prompt=prompt,
        steps=tuple([_renamed_step(step, names) for step in problem.steps]),
        answer=names.get(problem.answer, problem.answer),
        choices=tuple(sorted(choices) if list(problem.choices) == sorted(problem.choices) else choices),
        structure=problem.structure.replace(problem.prompt, prompt),
    )


def _renamed_step(step: Step, names: dict[str, str]) -> Step:
    def renamed(text: str) -> str:
        return " ".join([names.get(word, word) for word in text.split(" ")])

    return Step(
        text=renamed(step.text),
        terse=renamed(step.terse),
        result=names.get(step.result, step.result),
        alternatives=tuple([names.get(word, word) for word in step.alternatives]),
    )


def _mapping(problem: Problem, cast: int) -> dict[str, str]:
    """Each entity that the problem says, or could wrongly say, to the cast's entity of that pool and number."""
    said = [*problem.prompt.split(" "), *(word for step in problem.steps for word in step.alternatives)]
    names: dict[str, str] = {}
    counts: Counter[int] = Counter()
    for word in (*said, *problem.choices):
        pool = POOL_OF.get(word)
        if pool is not None and word not in names:
            names[word] = _orders(cast)[pool][counts[pool]]
            counts[pool] += 1
    return names


@cache
def _orders(cast: int) -> tuple[tuple[str, ...], ...]:
    stream = rng("world", "cast", cast)
    return tuple(tuple(draw(stream.random, pool, len(pool))) for pool in ENTITIES)
