"""The eighteen problem families by name: four or five in each of four domains, fourteen to train and four held out.

Every family keeps decoys in each problem (a second chain, another person, other rules, moves that
do not count), so that its answer is neither the only word of its kind nor at a telling place; the
tests hold simple guessers near chance. A family says in its docstring what its graph is. Each domain
has one family that no corpus trains; what it is made of, others of the incidence table train.
"""

from pipeline.tasks.world.families.code import GRID, PROGRAM, SWAPS
from pipeline.tasks.world.families.facing import FACING
from pipeline.tasks.world.families.guards import GUARDS
from pipeline.tasks.world.families.logic import COMPOSED, CONTAINMENT, ISA
from pipeline.tasks.world.families.math import CHAINS, COMPARE, STORY
from pipeline.tasks.world.families.most import MOST
from pipeline.tasks.world.families.pointers import POINTERS
from pipeline.tasks.world.families.pour import POUR
from pipeline.tasks.world.families.science import FOOD, REACTIONS, UNITS
from pipeline.tasks.world.families.undo import UNDO
from pipeline.tasks.world.family import Family

_MATH = (CHAINS, STORY, UNDO, COMPARE)
_CODE = (PROGRAM, GRID, SWAPS, GUARDS, POINTERS)
_SCIENCE = (UNITS, REACTIONS, FOOD, MOST, POUR)
_LOGIC = (ISA, COMPOSED, FACING, CONTAINMENT)

FAMILIES: dict[str, Family] = {family.name: family for family in (*_MATH, *_CODE, *_SCIENCE, *_LOGIC)}
HELD_OUT: tuple[str, ...] = ("compare", "pointers", "pour", "containment")  # no corpus trains them
TRAINED: tuple[str, ...] = tuple(name for name in FAMILIES if name not in HELD_OUT)
