"""Controls by name: questions of the world that need no reasoning, each a task of its own in eval.

`lookup` asks for what stands in the text, `knowledge` for what was read long ago, `instruct` for the form of an answer.
They have no depth, choose their own template, and count in no average over reasoning.
"""

from collections.abc import Callable
from random import Random

from pipeline.tasks.problem import Problem
from pipeline.tasks.world.instruct import INSTRUCT, instruct_in_split
from pipeline.tasks.world.knowledge import KNOWLEDGE, knowledge_problem
from pipeline.tasks.world.lookup import LOOKUP, lookup_in_split
from pipeline.tasks.world.split import Split

CONTROLS: dict[str, Callable[[Random, Split], Problem]] = {
    LOOKUP: lookup_in_split,
    KNOWLEDGE: knowledge_problem,
    INSTRUCT: instruct_in_split,
}
