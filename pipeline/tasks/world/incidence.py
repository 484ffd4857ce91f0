"""The incidence table: which family is made of which primitives, and so what one family can teach another.

`python -m pipeline.tasks.world.incidence` prints the table of docs/world.md; a test holds the two equal.
"""

import sys
from typing import get_args

from pipeline.tasks.world.families import FAMILIES, HELD_OUT, TRAINED
from pipeline.tasks.world.family import Primitive

PRIMITIVES: tuple[Primitive, ...] = get_args(Primitive)


def teachers(name: str) -> tuple[str, ...]:
    """The trained families that share most primitives with a family, itself left out; Jaccard's measure."""
    mine = set(FAMILIES[name].primitives)
    shared = {
        other: len(mine & theirs) / len(mine | theirs)
        for other in TRAINED
        if other != name and (theirs := set(FAMILIES[other].primitives))
    }
    most = max(shared.values())
    return tuple(other for other, share in shared.items() if share == most)


def incidence_table() -> str:
    """The table in Markdown: a row a family, a column a primitive."""
    head = f"| family | domain | {' | '.join(PRIMITIVES)} | nearest trained |"
    rows = [head, "|" + "---|" * (3 + len(PRIMITIVES))]
    for name, family in FAMILIES.items():
        marks = ["x" if primitive in family.primitives else "" for primitive in PRIMITIVES]
        title = f"{name} *(held out)*" if name in HELD_OUT else name
        rows.append(f"| {title} | {family.domain} | {' | '.join(marks)} | {', '.join(teachers(name))} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(f"{incidence_table()}\n")
