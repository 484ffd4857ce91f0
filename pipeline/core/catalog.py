"""The reading half of the store: what is there, what is stale, what is needed, and why something would be built."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.core.artifact import Artifact, Wanted, finished_fingerprint, unfinished_fingerprint
from pipeline.core.checksum import RECORD
from pipeline.core.fingerprint import NUM_SHOWN, changes
from pipeline.core.record import Parent

_Memo = dict[tuple[str, str], list[str]]


class Catalog:
    """Artifacts below one folder, by stage and fingerprint. Asking writes nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def stages(self) -> list[str]:
        """Names of the shelves that hold an artifact, sorted."""
        return sorted(shelf for shelf in self._shelves() if next(self._finished(shelf), None) is not None)

    def artifacts(self, stage: str | None = None) -> Iterator[Artifact]:
        """All complete artifacts, of one stage or of all, sorted by stage and folder name."""
        for shelf in self._shelves() if stage is None else [stage]:
            for folder in self._finished(shelf):
                yield Artifact.open(folder)

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
                    f"made from {_name(parent)}, which has other content in its newest attempt {newest.folder.name}"
                )
                continue
            if key not in memo:
                memo[key] = self._staleness(newest, memo)
            reasons += [f"{_name(parent)} is stale: {reason}" for reason in memo[key]]
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
        """Why a stage would run, or why not: line by line, for people."""
        shown = wanted.fingerprint[:NUM_SHOWN]
        found = self.find(wanted.stage, wanted.fingerprint)
        if found is not None:
            moved = _moved_parents(found, wanted)
            if moved:
                return [f"{_place(found)} is there, but its parents have other content now:", *moved]
            return [f"{_place(found)} is there: nothing to do"]
        lines = [f"{wanted.stage} {wanted.label} ({shown}) is not there"]
        lines += [f"an unfinished attempt is there: {folder.name}" for folder in self._unfinished(wanted.stage, shown)]
        compared = [(_differences(artifact, wanted), artifact) for artifact in self.artifacts(wanted.stage)]
        if not compared:
            return [*lines, f"nothing of the stage {wanted.stage} is there"]
        differences, nearest = min(compared, key=lambda pair: (len(pair[0]), pair[1].label != wanted.label))
        return [*lines, f"the nearest is {_place(nearest)}; what is wanted differs from it in:", *differences]

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


def _name(parent: Parent) -> str:
    return f"{parent.stage} {parent.label} ({parent.fingerprint[:NUM_SHOWN]})"


def _place(artifact: Artifact) -> str:
    return f"{artifact.stage}/{artifact.folder.name}"


def _moved_parents(found: Artifact, wanted: Wanted) -> list[str]:
    """Parents whose content is not what the artifact was made from; those that are not built yet cannot be told."""
    pairs = zip(found.record.parents, wanted.parents, strict=True)
    return [_name(old) for old, new in pairs if isinstance(new, Artifact) and new.content != old.content]


def _differences(artifact: Artifact, wanted: Wanted) -> list[str]:
    record = artifact.record
    lines = [f"{path}: {old} -> {new}" for path, old, new in changes(record.literals, wanted.literals)]
    if record.version != wanted.version:
        lines.append(f"version of the room: {record.version} -> {wanted.version}")
    old_parents = [_name(parent) for parent in record.parents]
    new_parents = [f"{new.stage} {new.label} ({new.fingerprint[:NUM_SHOWN]})" for new in wanted.parents]
    old_ids = [parent.fingerprint for parent in record.parents]
    new_ids = [parent.fingerprint for parent in wanted.parents]
    for index in range(max(len(old_ids), len(new_ids))):
        if old_ids[index : index + 1] != new_ids[index : index + 1]:
            old, new = (names[index] if index < len(names) else "absent" for names in (old_parents, new_parents))
            lines.append(f"parent {index + 1}: {old} -> {new}")
    return lines
