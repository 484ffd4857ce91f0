"""Writing that survives a power cut, removing that never leaves half a folder, and the disk's complaints in words."""

import os
import shutil
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path

from pipeline.core.errors import UserError

GONE = ".gone-"  # begins the name of a folder that is being removed
DRAFT = ".draft"  # ends the name of a file that is being written

_FULL = {ENOSPC: "no space is left on the disk", EDQUOT: "the disk quota is used up"}
_CLOSED = {
    EROFS: "the file system is read-only",
    EACCES: "access is not permitted",
    EPERM: "access is not permitted",
    ENOTDIR: "a part of this path is no folder",
}


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that at any instant the whole of it is there or nothing."""
    draft = path.with_name(f".{path.name}{DRAFT}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring one file's bytes, or one folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Bring a folder and all below it to the disk."""
    for path in folder.rglob("*"):
        if path.is_file() or path.is_dir():
            sync(path)
    sync(folder)


def look_afresh(folder: Path) -> None:
    """Make a network file system's client ask its server what is in a folder.

    It may tell that from memory, half a minute old (sshfs 20 s, NFS up to 60 s); not once it has changed the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f".{uuid.uuid4().hex[:12]}{DRAFT}"
    mark.touch()
    mark.unlink()


def remove_tree(folder: Path) -> None:
    """Remove a folder: first out of sight in one step, so that nothing half-removed keeps its name."""
    doomed = folder
    if not folder.name.startswith(GONE):
        doomed = folder.with_name(f"{GONE}{uuid.uuid4().hex[:12]}")
        try:
            folder.rename(doomed)
        except FileNotFoundError:
            return  # someone else took it away
    # A dead owner's orphan may still write there; what is left then is for the next clean-up.
    shutil.rmtree(doomed, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what a kill left half-written or half-removed in a folder. Nobody else may be at work there."""
    for path in (*folder.glob(f"{GONE}*"), *folder.glob(f".*{DRAFT}")):
        if path.is_dir():
            remove_tree(path)
        else:
            path.unlink()


@contextmanager
def drafted(final: Path, num_bytes: int) -> Generator[Path]:
    """A folder to fill, which then appears under its name in one step, whole and on the disk; or not at all.

    num_bytes: about what it will hold. A folder that has the name already is replaced.
    Raises UserError where the disk is full; whatever is raised, the draft is removed.
    """
    draft = final.with_name(f".{final.name}{DRAFT}")
    remove_tree(draft)
    draft.mkdir(parents=True)
    try:
        yield draft
        sync_tree(draft)
        remove_tree(final)
        draft.rename(final)
        sync(final.parent)
    except Exception as error:  # some writers (safetensors) have errors of their own; all others go on as they are
        remove_tree(draft)
        if (reason := _why_full(error)) is None:
            raise
        raise UserError(_no_room(final, num_bytes, reason)) from error


def _no_room(final: Path, num_bytes: int, reason: str) -> str:
    free = shutil.disk_usage(final.parent).free
    return (
        f"{final}: {reason}; {num_bytes / 1e6:,.1f} MB are needed there and {free / 1e6:,.1f} MB are free; "
        "what was written before is kept: free some (frontload stage=gc shows what nobody needs) "
        "and run the same line again"
    )


@contextmanager
def disk_errors_named(root: Path) -> Generator[None]:
    """Turn a full or closed disk into one clear line.

    Raises UserError for a full disk wherever it was met, and for a path at or below `root` that cannot be written.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # some writers (safetensors) have errors of their own; all others go on as they are
        reason = _full(error, root) or _closed(error, root)
        if reason is None:
            raise
        raise UserError(reason) from error


def _why_full(error: Exception) -> str | None:
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return _FULL[number]
    return next((reason for number, reason in _FULL.items() if os.strerror(number) in str(error)), None)


def _full(error: Exception, root: Path) -> str | None:
    reason = _why_full(error)
    if reason is None:
        return None
    where = getattr(error, "filename", None) or root
    return f"{where}: {reason}; free some (frontload stage=gc shows what nobody needs) and run the same line again"


def _closed(error: Exception, root: Path) -> str | None:
    if not isinstance(error, OSError) or error.errno not in _CLOSED:
        return None
    where = Path(str(error.filename)) if error.filename else root
    if error.errno != EROFS and not where.absolute().is_relative_to(root.absolute()):
        return None  # somebody's input, not our output
    return f"{where}: {_CLOSED[error.errno]}; make {root} writable or choose another folder for the store"
