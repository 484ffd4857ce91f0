"""A knowledge base: facts that are the same in every document of every study, to be known by heart and recalled.

The counterpart of the paper's science benchmarks, which ask for what was read, not for what follows. Base text states
all facts; questions about a fact - in base text and in eval - belong to the fact's split, so that what eval asks was
read as a statement, never as a question. What a prompt states is true, and about others: the asked has to be known.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from pipeline.core.seeds import rng
from pipeline.tasks.problem import Problem
from pipeline.tasks.world import lexicon as words
from pipeline.tasks.world.family import Uniform, draw
from pipeline.tasks.world.split import Split, split_of

KNOWLEDGE, DOMAIN = "knowledge", "knowledge"
QUESTION_SHARE = 0.2  # of the base text's documents about the knowledge base


class _Sort(NamedTuple):
    """{0} is the creature, {1} what is said of it; without {1} it is asked."""

    values: Sequence[str]
    statement: str
    question: str


SORTS = (
    _Sort(words.SUBSTANCES, "every {0} eats {1}", "every {0} eats what ?"),
    _Sort(words.CONTAINERS, "every {0} sleeps in {1}", "every {0} sleeps in what ?"),
    _Sort(words.COLOURS, "every {0} likes {1}", "every {0} likes what ?"),
    _Sort(words.KINDS, "every {0} is {1}", "every {0} is what ?"),
)
_CREATURES = words.CREATURES


def _base() -> tuple[tuple[str, ...], ...]:
    """For each sort, the value of each creature: drawn once and for all."""
    stream = rng("world", "knowledge").random
    return tuple(tuple(sort.values[int(stream() * len(sort.values))] for _ in _CREATURES) for sort in SORTS)


FACTS = _base()
_STATEMENTS = tuple(
    tuple(sort.statement.format(creature, value) for creature, value in zip(_CREATURES, known, strict=True))
    for sort, known in zip(SORTS, FACTS, strict=True)
)
_ALL = tuple(statement for statements in _STATEMENTS for statement in statements)


def knowledge(uniform: Uniform) -> str:
    """Five to fifteen facts of no order."""
    return " . ".join([_ALL[int(uniform() * len(_ALL))] for _ in range(5 + int(11 * uniform()))]) + " ."


def structure_of(sort: int, creature: str) -> str:
    """What decides the split of a question: the fact it asks for."""
    return f"{KNOWLEDGE} {sort} {creature}"


_ASKED: dict[Split, tuple[tuple[int, int], ...]] = {
    split: tuple(
        (sort, i)
        for sort in range(len(SORTS))
        for i, creature in enumerate(_CREATURES)
        if split_of(structure_of(sort, creature)) == split
    )
    for split in ("train", "dev", "test")
}


def knowledge_problem(stream: Random, split: Split) -> Problem:
    """A question about a fact of the split, behind two to four facts of the same sort about others."""
    uniform = stream.random
    asked = _ASKED[split]
    template, asked_about = asked[int(uniform() * len(asked))]
    sort, creature = SORTS[template], _CREATURES[asked_about]
    told = [_CREATURES.index(other) for other in draw(uniform, _CREATURES, 5) if other != creature]
    facts = [_STATEMENTS[template][i] for i in told[: 2 + int(3 * uniform())]]
    return Problem(
        family=KNOWLEDGE,
        domain=DOMAIN,
        template=template,
        depth=0,
        prompt=f"{' . '.join(facts)} . {sort.question.format(creature)}",
        steps=(),
        answer=FACTS[template][asked_about],
        choices=tuple(sort.values),
        structure=structure_of(template, creature),
    )
