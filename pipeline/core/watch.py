"""Looking at a lock without taking it."""

import fcntl
import os
import time
from pathlib import Path

from pipeline.core.lease import LeaseLock
from pipeline.core.lock import LockKind


class Watch:
    """Whether somebody holds a lock, asked again and again from outside.

    For leases it remembers since when the owner's heart has stood still, by its own monotonic clock.
    """

    def __init__(self, path: Path, kind: LockKind, patience_seconds: float) -> None:
        self._path = path
        self._kind = kind
        self._patience = patience_seconds
        self._seen: tuple[int, str] | None = None
        self._since = 0.0

    def is_held(self) -> bool:
        """Whether it is held by a living owner; one that may be dead counts as living until patience ends."""
        if self._kind == "kernel":
            return _is_flocked(self._path)
        now = time.monotonic()
        state = LeaseLock(self._path, self._patience).look()
        if state != self._seen:
            self._seen, self._since = state, now
        return state is not None and now - self._since < self._patience


def _is_flocked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look are not in each other's way.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
