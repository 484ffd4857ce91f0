"""A lock by heartbeat, for network file systems where the kernel's locks do not reach.

Each holding is a file `<name>.<generation>`, created exclusively, which the server decides. The latest generation
owns the lock. Its owner rewrites a counter in it; whoever sees that counter stand still for `patience_seconds` of
its own monotonic clock creates the next generation and is the owner. No two machines' clocks are ever compared.

`still_owned` creates the next generation too: it succeeds only for the owner, asks the server and no cache, and
gives a fresh span of patience for the step that follows.
The latest generation's file stays after release, saying so: were it removed, numbers would begin anew and a
sleeper could mistake an old number for its own.
"""

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

PATIENCE_SECONDS = 60.0
_RELEASED = "released"
_BEATS_PER_PATIENCE = 10
_LONGEST_PAUSE_SECONDS = 1.0


class LeaseLock:
    """One process's wish for, or hold on, the lease named by `path`."""

    def __init__(self, path: Path, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._patience = patience_seconds
        self._owner = uuid.uuid4().hex  # tells owners apart; no result depends on it
        self._generation = 0
        self._num_beats = 0
        self._is_lost = False
        self._mutex = Lock()
        self._stop = Event()
        self._heart = Thread(target=self._beat, name=f"lease {path.name}", daemon=True)

    def acquire(self, *, blocking: bool) -> bool:
        """Take it if it is free or its owner's heart stands still; otherwise look again now and then."""
        seen: tuple[int, str] | None = None
        since = time.monotonic()
        while True:
            now = time.monotonic()  # before looking, as `since` is after: had we slept between, nobody is dead for it
            latest = self._latest()
            state = (latest, self._read(latest))
            if state != seen:
                seen, since = state, time.monotonic()
            is_free = latest == 0 or state[1] == _RELEASED
            is_dead = now - since >= self._patience
            if (is_free or is_dead) and self._claim(latest + 1):
                self._heart.start()
                return True
            if not blocking:
                return False
            time.sleep(min(self._patience / _BEATS_PER_PATIENCE, _LONGEST_PAUSE_SECONDS))

    def look(self) -> tuple[int, str] | None:
        """The generation that holds it and its heartbeat; None where it is free. Takes nothing."""
        latest = self._latest()
        state = self._read(latest)
        return None if latest == 0 or state == _RELEASED else (latest, state)

    def still_owned(self) -> bool:
        """Whether it is still ours; if so, it stays ours for another span of patience."""
        with self._mutex:
            self._is_lost = self._is_lost or not self._claim(self._generation + 1)
            return not self._is_lost

    def release(self) -> None:
        """Give it back, if it is still ours."""
        self._stop.set()
        self._heart.join()
        if not self._is_lost:
            with suppress(FileNotFoundError):  # taken over by somebody who lost patience
                self._write(self._generation, _RELEASED)

    def _beat(self) -> None:
        while not self._stop.wait(self._patience / _BEATS_PER_PATIENCE):
            with self._mutex:
                self._num_beats += 1
                try:
                    self._write(self._generation, self._state())
                except FileNotFoundError:
                    self._is_lost = True
                    return
                except OSError:
                    continue  # a hiccup of the network: the next beat tries again, and `still_owned` decides

    def _claim(self, generation: int) -> bool:
        file = self._file(generation)
        try:
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(handle, "w") as stream:
            stream.write(self._state())
        if self._latest() != generation:  # we had slept: this number was used and removed since we looked
            file.unlink(missing_ok=True)
            return False
        self._generation = generation
        for older in self._generations():
            if older < generation:
                self._file(older).unlink(missing_ok=True)
        return True

    def _state(self) -> str:
        return f"{self._owner} {self._num_beats}"

    def _file(self, generation: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{generation:09d}")

    def _generations(self) -> list[int]:
        return [int(file.suffix[1:]) for file in self._path.parent.glob(f"{self._path.name}.*")]

    def _latest(self) -> int:
        return max(self._generations(), default=0)

    def _read(self, generation: int) -> str:
        try:
            return self._file(generation).read_text()
        except FileNotFoundError:
            return ""

    def _write(self, generation: int, text: str) -> None:
        # Never creates: a generation that others have removed must not come back.
        handle = os.open(self._file(generation), os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
