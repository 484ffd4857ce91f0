"""Where an artifact is made before it appears: a work folder beside its final place."""

import uuid
from collections.abc import Iterable
from pathlib import Path

from pipeline.core.artifact import WORK, Wanted
from pipeline.core.checksum import RECORD, RESUME
from pipeline.core.files import remove_leftovers, remove_tree, write_atomically
from pipeline.core.fingerprint import NUM_SHOWN, canonical


def work_folder(shelf: Path, wanted: Wanted, unfinished: Iterable[Path], *, resumable: bool) -> Path:
    """A folder to work in. It has a new name each time, also when it is carried on with.

    So nothing that still writes under the old name - an orphan of a killed run, an owner that slept through
    the loss of its lease - can write into it. unfinished: what earlier attempts left.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    work = shelf / f"{WORK}{wanted.fingerprint[:NUM_SHOWN]}-{uuid.uuid4().hex[:NUM_SHOWN]}"
    contents = [parent.content for parent in wanted.built_parents()]
    origin = canonical({"fingerprint": wanted.fingerprint, "parents": contents}).encode()
    for left in unfinished:
        if not (resumable and not work.exists() and _begun_from(left) == origin and _take_over(left, work)):
            remove_tree(left)
    work.mkdir(exist_ok=True)
    if resumable:
        write_atomically(work / RESUME, origin)
    return work


def _begun_from(work: Path) -> bytes | None:
    try:
        return (work / RESUME).read_bytes()
    except FileNotFoundError:
        return None


def _take_over(left: Path, work: Path) -> bool:
    """Carry on with what a killed run left: all of it but the marks of an end that did not come."""
    try:
        left.rename(work)
    except FileNotFoundError:
        return False
    (work / RECORD).unlink(missing_ok=True)
    remove_leftovers(work)
    return True
