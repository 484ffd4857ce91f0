"""Restart points: all that a run needs to end, after a kill, with the bits of an uninterrupted one.

`out/restart/<step>/` holds model, optimizer and extra as safetensors, the tally as JSON, and a manifest with the
checksum of each of them. A point is written aside, manifest last, brought to the disk and renamed: a folder with a
number for a name is whole. What happens to it later, the manifest tells: a damaged point is passed over.
The store drops them when the artifact has its final name, no earlier: a kill at the very end costs no more than others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.core.checksum import RESTART, FileEntry, list_files
from pipeline.core.errors import UserError
from pipeline.core.files import drafted, remove_leftovers, remove_tree

_TENSORS = ("model", "optimizer", "extra")
_MANIFEST = "manifest.json"
_Manifest = TypeAdapter(tuple[FileEntry, ...])


class Point(NamedTuple):
    """The whole state of a run between two steps."""

    tally: dict[str, Any]
    model: Mapping[str, Tensor]  # parameters by name
    optimizer: Mapping[str, Tensor]  # `optimizer.moments`
    extra: Mapping[str, Tensor]  # the generator's state, and losses not yet in the curve


class Found(NamedTuple):
    """What there is to carry on from."""

    point: Point | None  # None: nothing, the run starts
    damaged: list[str]  # a line on each newer point that was passed over


def write(out: Path, step: int, point: Point, keep: int) -> None:
    """Leave a restart point in `out`, then drop all but the newest `keep`.

    Raises UserError where the disk is full: the draft is removed, and the points before it stay.
    """
    home = out / RESTART
    tally = orjson.dumps(point.tally)
    tensors = {name: dict(getattr(point, name)) for name in _TENSORS}
    num_bytes = len(tally) + sum(tensor.nbytes for part in tensors.values() for tensor in part.values())
    with drafted(home / f"{step:012d}", num_bytes) as draft:
        for name, part in tensors.items():
            save_file(part, draft / f"{name}.safetensors")
        (draft / "tally.json").write_bytes(tally)
        manifest = list_files(draft)
        (draft / _MANIFEST).write_bytes(orjson.dumps(manifest))
    for folder in _points(home)[:-keep]:
        remove_tree(folder)


def newest(out: Path) -> Found:
    """The newest sound restart point. Changes nothing, so that every rank finds the same.

    Raises UserError where there are points and all of them are damaged.
    """
    damaged: list[str] = []
    for folder in reversed(_points(out / RESTART)):
        damage = _damage(folder)
        if not damage:
            return Found(_read(folder), damaged)
        damaged.append(f"restart point {folder} is damaged ({damage})")
    if damaged:
        raise UserError(
            f"{'; '.join(damaged)}; no other is left: check the disk, remove {out / RESTART} and run the same line "
            "again, which starts this stage over"
        )
    return Found(None, [])


def tidy(out: Path, step: int) -> None:
    """Clear away what a kill left half-done, and points after the step that the run carries on from."""
    home = out / RESTART
    remove_leftovers(out)
    remove_leftovers(home)
    for folder in _points(home):
        if int(folder.name) > step:
            remove_tree(folder)


def _points(home: Path) -> list[Path]:
    """Points, oldest first."""
    return sorted((folder for folder in home.glob("*") if folder.name.isdigit()), key=lambda folder: int(folder.name))


def _damage(folder: Path) -> str:
    """What is wrong with a point; empty: nothing."""
    try:
        told = _Manifest.validate_json((folder / _MANIFEST).read_bytes())
        found = [entry for entry in list_files(folder) if entry.path != _MANIFEST]
    except ValidationError:
        return f"{_MANIFEST} cannot be understood"
    except OSError as error:
        return f"{error.filename or folder}: {error.strerror}"
    differing = set(told).symmetric_difference(found)
    return f"{min(entry.path for entry in differing)} is not what its checksum tells" if differing else ""


def _read(folder: Path) -> Point:
    tensors = {name: _copies(load_file(folder / f"{name}.safetensors")) for name in _TENSORS}
    return Point(orjson.loads((folder / "tally.json").read_bytes()), **tensors)


def _copies(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In memory of their own: what safetensors opens is still the file, which will be pruned."""
    return {name: tensor.clone() for name, tensor in tensors.items()}
