"""Checkpoints kept on the way, at listed counts of the budget: the points of a learning curve, each open to eval.

`out/at/<count>/` holds `model/`, which `from_pretrained` opens, and `position.json`: the step after which the count was
reached. A folder with a number for a name is whole.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipeline.core.checkpoint import KEPT, Checkpoint
from pipeline.core.errors import UserError
from pipeline.core.files import drafted, remove_leftovers, remove_tree
from pipeline.core.plan import MixPlan


def check_counts(counts: tuple[int, ...], plan: MixPlan) -> None:
    """Raise UserError where a count is over the budget and would never be reached."""
    if counts and counts[-1] > plan.budget:
        unit = plan.unit.replace("_", " ")
        raise UserError(f"training.keep_at {counts[-1]} is over the budget of {plan.budget} {unit}; leave it out")


class Saver(NamedTuple):
    """What writes a model into a folder, and about how much that takes."""

    save: Callable[[Path], None]
    num_bytes: int


def write(out: Path, count: int, saver: Saver, position: Mapping[str, Any]) -> None:
    """Keep the weights under a count. Raises UserError where the disk is full; nothing half-written stays."""
    with drafted(Checkpoint(out).at(count).folder, saver.num_bytes) as draft:
        saver.save(Checkpoint(draft).model)
        (draft / "position.json").write_bytes(orjson.dumps(position, option=orjson.OPT_INDENT_2))


def tidy(out: Path, spent: int) -> None:
    """Drop what was kept after the point that a run carries on from: it will be kept again, with what leads to it."""
    home = out / KEPT
    remove_leftovers(home)
    for folder in home.glob("*"):
        if folder.name.isdigit() and int(folder.name) > spent:
            remove_tree(folder)
