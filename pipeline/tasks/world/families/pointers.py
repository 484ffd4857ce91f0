"""Pointers (held out): cells that each name the next one; where a walk of some steps ends."""

from random import Random

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Family, draw, others, shuffled_order
from pipeline.tasks.world.lexicon import LETTERS

_WORDINGS = (
    ("{0} to {1}", "{0} ; from {1} go {2} steps"),
    ("{0} shows {1}", "start at {1} , take {2} steps : {0}"),
    ("after {0} is {1}", "{0} ; what is {2} steps from {1} ?"),
    ("at {0} go to {1}", "{0} ; start at {1} , take {2} steps"),
)  # link (cell, next cell); prompt (links, first cell, number of steps)


def write_pointers(rng: Random, depth: int, template: int) -> Draft:
    """Two chains of cells, each going on at both ends: no end is the answer as such.

    The graph is the order of the links and where the walk starts and stops.
    """
    uniform = rng.random
    link, prompt = _WORDINGS[template]
    num_before, num_after, num_decoys = int(uniform() * 2), int(uniform() * 3), 2 + int(uniform() * min(depth + 1, 4))
    first_decoy = num_before + depth + num_after + 1
    cells = draw(uniform, LETTERS, first_decoy + num_decoys + 1)
    starts = [i for i in range(len(cells) - 1) if i != first_decoy - 1]
    order = [starts[i] for i in shuffled_order(uniform, len(starts))]
    links = " ; ".join([link.format(cells[i], cells[i + 1]) for i in order])
    steps = tuple([_step(cells, i, i - num_before) for i in range(num_before + 1, num_before + depth + 1)])
    return Draft(
        prompt.format(links, cells[num_before], depth),
        steps,
        tuple(sorted(others(cells, num_before))),
        f"{num_before} {num_after} {' '.join(map(str, order))}",
    )


def _step(cells: list[str], index: int, number: int) -> Step:
    result = cells[index]
    return Step(
        text=f"{number} {cells[index - 1]} to {result}",
        terse=f"{number} {result}",
        result=result,
        alternatives=others(cells, index),
    )


POINTERS = Family(
    name="pointers",
    domain="code",
    primitives=("look-up", "chain"),
    write=write_pointers,
    graph_from=1,
)
