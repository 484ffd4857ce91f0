"""One builder at a time for one artifact: two kinds of lock behind one face.

* `kernel`: flock. The kernel frees a dead owner's lock at once. For local disks.
* `lease`: a file with a heartbeat (`lease.py`). For network file systems without such locks; an owner may lose it.
"""

import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from pipeline.core.errors import UserError
from pipeline.core.lease import PATIENCE_SECONDS, LeaseLock

LockKind = Literal["kernel", "lease"]


class LockHeldError(Exception):
    """Somebody else holds the lock, and the caller did not want to wait."""


class Lock(Protocol):
    """A lock that is held, or can be."""

    def acquire(self, *, blocking: bool) -> bool:
        """Take it; without `blocking`, return False at once where somebody else holds it."""
        ...

    def still_owned(self) -> bool:
        """Whether it is still ours. To be asked directly before the step that others can see."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


@contextmanager
def lock(
    path: Path,
    kind: LockKind = "kernel",
    *,
    waiting: Callable[[], None] | None = None,
    blocking: bool = True,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Generator[Lock]:
    """Hold the lock named by `path` for the length of a `with` block.

    `waiting` is called once if somebody else holds it. `patience_seconds` (leases): how long an owner's heart may
    stand still before others take over.
    Raises LockHeldError if it is held and `blocking` is off, UserError if the file system has no kernel locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held: Lock = KernelLock(path) if kind == "kernel" else LeaseLock(path, patience_seconds)
    if not held.acquire(blocking=False):
        if not blocking:
            raise LockHeldError(str(path))
        if waiting is not None:
            waiting()
        held.acquire(blocking=True)
    try:
        yield held
    finally:
        held.release()


# Handles of locks held by this process. A forked child must not keep its parent's lock alive: a pool worker
# that outlives a killed parent would hold it for ever.
_held: set[int] = set()


def _drop_in_child() -> None:
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_drop_in_child)


class KernelLock:
    """An flock on a file. The file is removed on release; who waited for it notices, and opens the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1

    def acquire(self, *, blocking: bool) -> bool:
        """Take it; waiting is asleep in the kernel."""
        while True:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            if not self._flock(handle, blocking=blocking):
                os.close(handle)
                return False
            if _is_at(handle, self._path):
                self._handle = handle
                _held.add(handle)
                return True
            os.close(handle)  # the owner before us removed this file: the lock is another one now

    def still_owned(self) -> bool:
        """Always: the kernel takes a lock from the dead only."""
        return True

    def release(self) -> None:
        """Give it back; a forked child has nothing to give."""
        if self._handle in _held:
            _held.discard(self._handle)
            self._path.unlink(missing_ok=True)
            fcntl.flock(self._handle, fcntl.LOCK_UN)
            os.close(self._handle)

    def _flock(self, handle: int, *, blocking: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if blocking else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            os.close(handle)
            raise UserError(
                f"{self._path}: this file system has no kernel locks ({error.strerror}); use the lock kind 'lease'"
            ) from error
        return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
