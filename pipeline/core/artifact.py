"""An artifact that is there, and one that is wanted; and how their folders are named.

`<stage>/<label>-<fingerprint12>` is the first attempt, `-r2`, `-r3` .. are further ones; `.work-<fingerprint12>-<id>`
is being made. The label is for people and may change; only stage and fingerprint say what it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.core.checksum import RECORD, FileEntry, checksum_of, list_files
from pipeline.core.fingerprint import NUM_SHOWN, fingerprint
from pipeline.core.record import Parent, Record

WORK = ".work-"
_LONGEST_LABEL = 80
_FINISHED = re.compile(rf".*-([0-9a-f]{{{NUM_SHOWN}}})(-r[0-9]+)?")
_UNFINISHED = re.compile(rf"\.work-([0-9a-f]{{{NUM_SHOWN}}})-.*")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A complete folder and its record. Equal where the folders are equal: an artifact never changes."""

    folder: Path
    record: Record = field(compare=False, repr=False)

    @classmethod
    def open(cls, folder: Path) -> "Artifact":
        """The artifact in a folder. Raises UserError for a broken record, FileNotFoundError for none."""
        return cls(folder, Record.load(folder))

    @property
    def stage(self) -> str:
        """The stage that made it."""
        return self.record.stage

    @property
    def label(self) -> str:
        """What people call it."""
        return self.record.label

    @property
    def fingerprint(self) -> str:
        """What it is."""
        return self.record.fingerprint

    @property
    def content(self) -> str:
        """The checksum of what it holds."""
        return self.record.content

    def as_parent(self) -> Parent:
        """How a child's record names it."""
        return Parent(
            stage=self.stage,
            label=self.label,
            fingerprint=self.fingerprint,
            content=self.content,
            folder=self.folder.name,
        )

    def verify(self) -> list[str]:
        """Read every byte again; name each file that is missing, changed or extra.

        The record is held against itself too: its content follows from its files, its fingerprint from its literals.
        """
        record = self.record
        told = {entry.path: entry for entry in record.files}
        found = {entry.path: entry for entry in list_files(self.folder)}
        problems = [f"{self.folder / path}: missing" for path in sorted(told.keys() - found.keys())]
        problems += [f"{self.folder / path}: extra" for path in sorted(found.keys() - told.keys())]
        for path in sorted(told.keys() & found.keys()):
            if told[path] != found[path]:
                problems.append(f"{self.folder / path}: changed ({_change(told[path], found[path])})")
        parents = [parent.fingerprint for parent in record.parents]
        identity = fingerprint(record.stage, record.version, record.literals, parents)
        if checksum_of(record.files) != record.content or identity != record.fingerprint:
            problems.append(f"{self.folder / RECORD}: changed (it contradicts itself)")
        return problems


def _change(told: FileEntry, found: FileEntry) -> str:
    if told.size != found.size:
        return f"{told.size} bytes were recorded, {found.size} are there"
    return "other bytes of the same size"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants built. Parents stand in the order of their roles, which is part of the identity.

    To ask about it, its parents may be wanted themselves; to build it, they must be there.
    """

    stage: str
    label: str
    version: int | str
    literals: Mapping[str, Any]
    parents: tuple["Artifact | Wanted", ...] = ()
    seed: int | None = None  # recorded only: what the seed changes must be among the literals

    @cached_property
    def fingerprint(self) -> str:
        """Its identity."""
        return fingerprint(self.stage, self.version, self.literals, [parent.fingerprint for parent in self.parents])

    def built_parents(self) -> tuple[Artifact, ...]:
        """Its parents, all there."""
        built = tuple(parent for parent in self.parents if isinstance(parent, Artifact))
        assert len(built) == len(self.parents), f"{self.stage} {self.label}: a parent is not built yet"
        return built


def folder_name(label: str, fingerprint: str, attempt: int) -> str:
    """The name of a finished folder; odd characters of the label become underscores."""
    clean = re.sub(r"[^A-Za-z0-9._+=,-]+", "_", label).strip("._-")[:_LONGEST_LABEL] or "unnamed"
    return f"{clean}-{fingerprint[:NUM_SHOWN]}" + (f"-r{attempt}" if attempt > 1 else "")


def finished_fingerprint(name: str) -> str | None:
    """The 12 digits in the name of a finished folder; None for any other name."""
    match = None if name.startswith(".") else _FINISHED.fullmatch(name)
    return match.group(1) if match else None


def unfinished_fingerprint(name: str) -> str | None:
    """The 12 digits in the name of a work folder; None for any other name."""
    match = _UNFINISHED.fullmatch(name)
    return match.group(1) if match else None
