"""The store: `runs/<stage>/<label>-<fingerprint12>/`, each artifact built once, never overwritten.

An artifact is made in a work folder beside its final place and appears there by one rename, its record inside.
Whatever kills a stage leaves the work folder only. Two processes that want the same artifact meet at a lock;
the second one finds it done.
"""

import itertools
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core.artifact import Artifact, Wanted, folder_name
from pipeline.core.checksum import RESTART, RESUME, checksum_of, list_files
from pipeline.core.files import disk_errors_named, remove_tree, sync, sync_tree
from pipeline.core.fingerprint import NUM_SHOWN, normalised
from pipeline.core.intact import expect_intact, expect_whole
from pipeline.core.keeping import Keeping
from pipeline.core.ledger import Ledger
from pipeline.core.lock import Lock
from pipeline.core.provenance import provenance
from pipeline.core.record import Record
from pipeline.core.workplace import work_folder

__all__ = ["Artifact", "Make", "Store", "Wanted"]

Make = Callable[[Path], Ledger]  # fills the folder that it is given


class _LeaseLostError(Exception):
    """Somebody else has taken over what we were building."""


class Store(Keeping):
    """A catalog that builds."""

    def build(
        self,
        wanted: Wanted,
        make: Make,
        *,
        force: bool = False,
        resumable: bool = False,
        blocking: bool = True,
        waiting: Callable[[], None] | None = None,
    ) -> Artifact:
        """The wanted artifact: the newest attempt if it was made from these parents' content, else a new attempt.

        `force` makes a new attempt in any case. `resumable` gives `make` the work folder that a killed run left,
        if it was begun from the same parents' content; otherwise the folder is empty. `waiting` is called if
        another process is at it. Whatever `make` raises leaves no more than a work folder.
        Raises UserError if the disk is full or cannot be written, or a file of what it is made from is missing or
        changed; LockHeldError if another process is at it and `blocking` is off.
        """
        with disk_errors_named(self.root):
            while True:
                shown = wanted.fingerprint[:NUM_SHOWN]
                with self._lock(wanted.stage, shown, waiting=waiting, blocking=blocking) as held:
                    self.look_afresh(wanted.stage)
                    there = None if force else self.current(wanted)
                    if there is not None:
                        expect_whole(there)
                        return there
                    try:
                        return self._attempt(wanted, make, held, force=force, resumable=resumable)
                    except _LeaseLostError:
                        continue  # see what the new owner makes of it
                    except OSError:
                        if held.still_owned():
                            raise
                        # Our folder was taken away from under us: the same thing, noticed earlier.

    def current(self, wanted: Wanted) -> Artifact | None:
        """The newest attempt, if it was made from the content that the wanted parents have."""
        newest = self.find(wanted.stage, wanted.fingerprint)
        if newest is None:
            return None
        made_from = [parent.content for parent in newest.record.parents]
        return newest if made_from == [parent.content for parent in wanted.built_parents()] else None

    def _attempt(self, wanted: Wanted, make: Make, held: Lock, *, force: bool, resumable: bool) -> Artifact:
        for parent in wanted.built_parents():
            expect_intact(parent)
        left = self._unfinished(wanted.stage, wanted.fingerprint[:NUM_SHOWN])
        work = work_folder(self.root / wanted.stage, wanted, left, resumable=resumable)
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

    def _publish(self, wanted: Wanted, work: Path, record: Record, held: Lock, *, force: bool) -> Artifact:
        """Let the work folder appear under the first free attempt's name."""
        taken = [artifact.record.attempt for artifact in self.attempts(wanted.stage, wanted.fingerprint)]
        for attempt in itertools.count(1 + max(taken, default=0)):
            numbered = replace(record, attempt=attempt)
            numbered.save(work)
            self.look_afresh(wanted.stage)
            there = None if force else self.current(wanted)
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _rename(work: Path, final: Path) -> bool:
    """Rename in one step; False where the name is taken, which not every file system says by the same number."""
    try:
        work.rename(final)
    except OSError:
        if not final.exists():
            raise
        return False
    return True
