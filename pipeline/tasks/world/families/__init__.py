"""The twelve problem families by name: three in each of four domains, ten to train and two held out.

Every family keeps decoys in each problem (a second chain, another person, other rules, moves that
do not count), so that its answer is neither the only word of its kind nor at a telling place; the
tests hold simple guessers near chance. A family says in its docstring what its graph is.
"""

from pipeline.tasks.world.families.code import GRID, PROGRAM, SWAPS
from pipeline.tasks.world.families.logic import COMPOSED, CONTAINMENT, ISA
from pipeline.tasks.world.families.math import CHAINS, COMPARE, STORY
from pipeline.tasks.world.families.science import FOOD, REACTIONS, UNITS
from pipeline.tasks.world.family import Family

_ALL = (CHAINS, STORY, COMPARE, PROGRAM, GRID, SWAPS, UNITS, REACTIONS, FOOD, ISA, COMPOSED, CONTAINMENT)

FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
HELD_OUT: tuple[str, ...] = ("compare", "containment")  # no corpus trains them
TRAINED: tuple[str, ...] = tuple(name for name in FAMILIES if name not in HELD_OUT)
