"""The reading half of the store: what is there, what is stale, what is needed, and why something would be built."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.core.artifact import Artifact, Wanted, finished_fingerprint, unfinished_fingerprint
from pipeline.core.checksum import RECORD
from pipeline.core.errors import UserError
from pipeline.core.fingerprint import NUM_SHOWN
from pipeline.core.nearest import name_of, why_missing, why_not_done

_Memo = dict[tuple[str, str], list[str]]


class Catalog:
    """Artifacts below one folder, by stage and fingerprint. Asking writes nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def stages(self) -> list[str]:
        """Names of the shelves that hold an artifact, sorted."""
        return sorted(shelf for shelf in self._shelves() if next(self._finished(shelf), None) is not None)

    def artifacts(self, stage: str | None = None, unreadable: list[str] | None = None) -> Iterator[Artifact]:
        """All complete artifacts, of one stage or of all, sorted by stage and folder name.

        unreadable: grows by a line for each record that is broken or of another version, which is then passed over.
        Raises UserError at the first of them where no list is given.
        """
        for shelf in self._shelves() if stage is None else [stage]:
            for folder in self._finished(shelf):
                try:
                    artifact = Artifact.open(folder)
                except UserError as error:
                    if unreadable is None:
                        raise
                    unreadable.append(str(error))
                else:
                    yield artifact

    def attempts(self, stage: str, fingerprint: str) -> list[Artifact]:
        """Every complete attempt at one artifact, oldest first."""
        folders = self._finished(stage, fingerprint[:NUM_SHOWN])
        found = [artifact for artifact in map(Artifact.open, folders) if artifact.fingerprint == fingerprint]
        return sorted(found, key=lambda artifact: (artifact.record.attempt, artifact.folder.name))

    def find(self, stage: str, fingerprint: str) -> Artifact | None:
        """The newest complete attempt: the one that is used."""
        return next(reversed(self.attempts(stage, fingerprint)), None)

    def is_stale(self, artifact: Artifact) -> bool:
        """Whether a parent, or a parent's parent, has other content now than when this was made."""
        return bool(self.staleness(artifact))

    def staleness(self, artifact: Artifact) -> list[str]:
        """The reasons why an artifact is stale; none if it is not. A parent that is gone makes nothing stale."""
        return self._staleness(artifact, {})

    def _staleness(self, artifact: Artifact, memo: _Memo) -> list[str]:
        reasons: list[str] = []
        for parent in artifact.record.parents:
            key = (parent.stage, parent.fingerprint)
            newest = self.find(*key)
            if newest is None:
                continue
            if newest.content != parent.content:
                reasons.append(
                    f"made from {name_of(parent)}, which has other content in its newest attempt {newest.folder.name}"
                )
                continue
            if key not in memo:
                memo[key] = self._staleness(newest, memo)
            reasons += [f"{name_of(parent)} is stale: {reason}" for reason in memo[key]]
        return reasons

    def reachable(self, keep: Iterable[Artifact]) -> set[Artifact]:
        """What to keep and all that it was made from: of each parent the attempt that was used and the newest one."""
        reached: set[Artifact] = set()
        todo = list(keep)
        while todo:
            artifact = todo.pop()
            if artifact in reached:
                continue
            reached.add(artifact)
            for parent in artifact.record.parents:
                attempts = self.attempts(parent.stage, parent.fingerprint)
                todo += attempts[-1:]
                todo += [attempt for attempt in attempts if attempt.folder.name == parent.folder]
        return reached

    def explain(self, wanted: Wanted) -> list[str]:
        """Why a stage would run, or why not: line by line, for people. Parents may be wanted themselves."""
        found = self.find(wanted.stage, wanted.fingerprint)
        if found is not None:
            return why_not_done(wanted, found)
        unfinished = self._unfinished(wanted.stage, wanted.fingerprint[:NUM_SHOWN])
        return why_missing(wanted, unfinished, list(self.artifacts(wanted.stage, [])))

    def unfinished(self) -> list[Path]:
        """Work folders: of stages that are being made, or whose process was killed."""
        folders = (folder for stage in self._shelves() for folder in self._folders(stage))
        return [folder for folder in folders if unfinished_fingerprint(folder.name) is not None]

    def _shelves(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(entry.name for entry in self.root.iterdir() if entry.is_dir() and not entry.name.startswith("."))

    def _folders(self, stage: str) -> list[Path]:
        shelf = self.root / stage
        try:
            names = sorted(entry.name for entry in os.scandir(shelf) if entry.is_dir(follow_symlinks=False))
        except FileNotFoundError:
            return []
        return [shelf / name for name in names]

    def _finished(self, stage: str, shown: str | None = None) -> Iterator[Path]:
        """Finished folders of a shelf; of one fingerprint only, if its 12 digits are given."""
        for folder in self._folders(stage):
            told = finished_fingerprint(folder.name)
            if told is not None and told == (shown or told) and (folder / RECORD).exists():
                yield folder

    def _unfinished(self, stage: str, shown: str) -> list[Path]:
        return [folder for folder in self._folders(stage) if unfinished_fingerprint(folder.name) == shown]
