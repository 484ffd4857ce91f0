"""The store: `runs/<stage>/<label>-<fingerprint12>/`, each artifact built once, never overwritten.

An artifact is made in a work folder beside its final place and appears there by one rename, its record inside.
Whatever kills a stage leaves the work folder only. Two processes that want the same artifact meet at a lock;
the second one finds it done.
"""

import itertools
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from errno import EEXIST, ENOTEMPTY
from pathlib import Path

from pipeline.core.artifact import WORK, Artifact, Wanted, finished_fingerprint, folder_name, unfinished_fingerprint
from pipeline.core.catalog import Catalog
from pipeline.core.checksum import RECORD, RESTART, RESUME, checksum_of, list_files
from pipeline.core.files import (
    GONE,
    disk_errors_named,
    remove_leftovers,
    remove_tree,
    sync,
    sync_tree,
    write_atomically,
)
from pipeline.core.fingerprint import NUM_SHOWN, canonical, normalised
from pipeline.core.lease import PATIENCE_SECONDS
from pipeline.core.ledger import Ledger
from pipeline.core.lock import Lock, LockHeldError, LockKind, lock
from pipeline.core.provenance import provenance
from pipeline.core.record import Record

__all__ = ["Artifact", "Make", "Store", "Wanted"]

Make = Callable[[Path], Ledger]  # fills the folder that it is given
_LOCKS = ".locks"


class _LeaseLostError(Exception):
    """Somebody else has taken over what we were building."""


class Store(Catalog):
    """A catalog that builds. Every process of a study must use the same kind of lock."""

    def __init__(
        self, root: Path, lock_kind: LockKind = "kernel", *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        super().__init__(root)
        self._lock_kind: LockKind = lock_kind
        self._patience = patience_seconds

    def build(
        self,
        wanted: Wanted,
        make: Make,
        *,
        force: bool = False,
        resumable: bool = False,
        waiting: Callable[[], None] | None = None,
    ) -> Artifact:
        """The wanted artifact: the newest attempt if it was made from these parents' content, else a new attempt.

        `force` makes a new attempt in any case. `resumable` gives `make` the work folder that a killed run left,
        if it was begun from the same parents' content; otherwise the folder is empty. `waiting` is called if
        another process is at it. Whatever `make` raises leaves no more than a work folder.
        Raises UserError if the disk is full or cannot be written.
        """
        with disk_errors_named(self.root):
            while True:
                with self._lock(wanted.stage, wanted.fingerprint[:NUM_SHOWN], waiting=waiting) as held:
                    there = None if force else self._current(wanted)
                    if there is not None:
                        return there
                    try:
                        return self._attempt(wanted, make, held, force=force, resumable=resumable)
                    except _LeaseLostError:
                        continue  # see what the new owner makes of it
                    except OSError:
                        if held.still_owned():
                            raise
                        # Our folder was taken away from under us: the same thing, noticed earlier.

    def garbage(self, keep: Iterable[Artifact]) -> list[Path]:
        """Folders that nothing of `keep` was made from, and work folders that nobody is at. Removes nothing."""
        needed = {artifact.folder for artifact in self.reachable(keep)}
        folders = (folder for stage in self._shelves() for folder in self._folders(stage))
        return [
            folder for folder in folders if folder not in needed and self._is_ours(folder) and self._is_idle(folder)
        ]

    def remove(self, folders: Iterable[Path]) -> list[Path]:
        """Remove folders of this store, save those that somebody is at. Returns those that are gone."""
        removed: list[Path] = []
        for folder in folders:
            assert folder.parent.parent == self.root, f"{folder} is not of this store"
            assert self._is_ours(folder), f"{folder} is no artifact"
            try:
                with self._lock(folder.parent.name, _shown(folder), blocking=False):
                    remove_tree(folder)
                removed.append(folder)
            except LockHeldError:
                continue
        return removed

    def _lock(
        self, stage: str, shown: str, *, waiting: Callable[[], None] | None = None, blocking: bool = True
    ) -> AbstractContextManager[Lock]:
        path = self.root / _LOCKS / f"{stage}-{shown}.lock"
        return lock(path, self._lock_kind, waiting=waiting, blocking=blocking, patience_seconds=self._patience)

    def _current(self, wanted: Wanted) -> Artifact | None:
        """The newest attempt, if it was made from the content that the wanted parents have."""
        newest = self.find(wanted.stage, wanted.fingerprint)
        if newest is None:
            return None
        made_from = [parent.content for parent in newest.record.parents]
        return newest if made_from == [parent.content for parent in wanted.built_parents()] else None

    def _attempt(self, wanted: Wanted, make: Make, held: Lock, *, force: bool, resumable: bool) -> Artifact:
        work = self._work_folder(wanted, resumable=resumable)
        started_at, start, cpu_start = _now(), time.monotonic(), time.process_time()
        ledger = make(work)
        wall_seconds, cpu_seconds = time.monotonic() - start, time.process_time() - cpu_start
        files = list_files(work)
        record = Record(
            stage=wanted.stage,
            label=wanted.label,
            fingerprint=wanted.fingerprint,
            version=wanted.version,
            literals=normalised(wanted.literals),
            parents=tuple(parent.as_parent() for parent in wanted.built_parents()),
            seed=wanted.seed,
            content=checksum_of(files),
            files=files,
            ledger=ledger,
            attempt=1,
            started_at=started_at,
            finished_at=_now(),
            wall_seconds=wall_seconds,
            cpu_seconds=cpu_seconds,
            provenance=provenance(),
        )
        sync_tree(work)
        return self._publish(wanted, work, record, held, force=force)

    def _work_folder(self, wanted: Wanted, *, resumable: bool) -> Path:
        """A folder to work in. It has a new name each time, also when it is carried on with.

        So nothing that still writes under the old name - an orphan of a killed run, an owner that slept through
        the loss of its lease - can write into it.
        """
        shelf, shown = self.root / wanted.stage, wanted.fingerprint[:NUM_SHOWN]
        shelf.mkdir(parents=True, exist_ok=True)
        work = shelf / f"{WORK}{shown}-{uuid.uuid4().hex[:NUM_SHOWN]}"
        contents = [parent.content for parent in wanted.built_parents()]
        origin = canonical({"fingerprint": wanted.fingerprint, "parents": contents}).encode()
        for left in self._unfinished(wanted.stage, shown):
            if not (resumable and not work.exists() and _begun_from(left) == origin and _take_over(left, work)):
                remove_tree(left)
        work.mkdir(exist_ok=True)
        if resumable:
            write_atomically(work / RESUME, origin)
        return work

    def _publish(self, wanted: Wanted, work: Path, record: Record, held: Lock, *, force: bool) -> Artifact:
        """Let the work folder appear under the first free attempt's name."""
        taken = [artifact.record.attempt for artifact in self.attempts(wanted.stage, wanted.fingerprint)]
        for attempt in itertools.count(1 + max(taken, default=0)):
            numbered = replace(record, attempt=attempt)
            numbered.save(work)
            there = None if force else self._current(wanted)
            if there is not None:  # an owner whose lease we took over was quicker after all
                remove_tree(work)
                return there
            if not held.still_owned():
                raise _LeaseLostError
            final = work.with_name(folder_name(wanted.label, wanted.fingerprint, attempt))
            if _rename(work, final):
                (final / RESUME).unlink(missing_ok=True)
                shutil.rmtree(final / RESTART, ignore_errors=True)  # only now: until here a kill would need it
                sync(final.parent)
                return Artifact(final, numbered)
        raise AssertionError("attempts are never used up")

    def _is_ours(self, folder: Path) -> bool:
        name = folder.name
        is_named = finished_fingerprint(name) is not None or unfinished_fingerprint(name) is not None
        return is_named or name.startswith(GONE)

    def _is_idle(self, folder: Path) -> bool:
        """Whether nobody is at work in it. A lease whose owner died counts as held until somebody takes it over."""
        if unfinished_fingerprint(folder.name) is None:
            return True
        try:
            with self._lock(folder.parent.name, _shown(folder), blocking=False):
                return True
        except LockHeldError:
            return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _shown(folder: Path) -> str:
    """What the lock over a folder is named by."""
    return finished_fingerprint(folder.name) or unfinished_fingerprint(folder.name) or folder.name


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


def _rename(work: Path, final: Path) -> bool:
    """Rename in one step; False where the name is taken."""
    try:
        work.rename(final)
    except OSError as error:
        if error.errno not in (EEXIST, ENOTEMPTY):
            raise
        return False
    return True
