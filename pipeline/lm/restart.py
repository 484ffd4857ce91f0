"""Restart points: all that a run needs to end, after a kill, with the bits of an uninterrupted one.

`out/restart/<step>/` holds model, optimizer and window as safetensors, and the tally as JSON. A point is
written aside, brought to the disk and renamed, so that a folder with a number for a name is whole; the newest is kept.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from safetensors.torch import load, save
from torch import Tensor

from pipeline.core.files import GONE, remove_tree, sync, sync_tree

_DRAFT = "draft"
_TENSORS = ("model", "optimizer", "extra")


class Point(NamedTuple):
    """The whole state of a run between two steps."""

    tally: dict[str, Any]
    model: Mapping[str, Tensor]  # parameters by name
    optimizer: Mapping[str, Tensor]  # `optimizer.moments`
    extra: Mapping[str, Tensor]  # the generator's state, and losses not yet in the curve


def write(out: Path, step: int, point: Point) -> None:
    """Leave a restart point in `out`, then drop the older ones."""
    home = out / "restart"
    draft = home / _DRAFT
    remove_tree(draft)
    draft.mkdir(parents=True)
    for name in _TENSORS:
        (draft / f"{name}.safetensors").write_bytes(save(dict(getattr(point, name))))
    (draft / "tally.json").write_bytes(orjson.dumps(point.tally))
    sync_tree(draft)
    older = _points(home)
    draft.rename(home / f"{step:012d}")
    sync(home)
    for folder in older:
        remove_tree(folder)


def newest(out: Path) -> Point | None:
    """The newest whole restart point; None where there is none. Clears away what a kill left half-done."""
    for folder in (*out.glob(f"{GONE}*"), *(out / "restart").glob(f"{GONE}*")):
        remove_tree(folder)
    points = _points(out / "restart")
    if not points:
        return None
    folder = points[-1]
    tensors = {name: load((folder / f"{name}.safetensors").read_bytes()) for name in _TENSORS}
    return Point(orjson.loads((folder / "tally.json").read_bytes()), **tensors)


def clear(out: Path) -> None:
    """Remove all restart points: the run is done."""
    remove_tree(out / "restart")


def _points(home: Path) -> list[Path]:
    """Whole points, oldest first."""
    return sorted(folder for folder in home.glob("*") if folder.name.isdigit())
