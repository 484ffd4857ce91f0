"""The record of an artifact: `record.json`, written last, so that its existence means done.

It holds what was asked (identity), what came out (content) and under which circumstances (context).
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.core.checksum import RECORD, FileEntry
from pipeline.core.errors import UserError
from pipeline.core.files import write_atomically
from pipeline.core.ledger import Ledger
from pipeline.core.provenance import Provenance

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An artifact that this one was made from."""

    stage: str
    label: str
    fingerprint: str
    content: str  # its content checksum when it was used
    folder: str  # name of its folder on the stage's shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known about one artifact."""

    schema: int = SCHEMA  # of this file
    stage: str
    label: str  # for people only
    fingerprint: str  # follows from stage, version, literals and the parents' fingerprints
    version: int | str  # of the room
    literals: dict[str, Any]
    parents: tuple[Parent, ...]
    seed: int | None  # for people and tables; what it changes is among the literals
    content: str  # checksum over all files
    files: tuple[FileEntry, ...]
    ledger: Ledger = field(default_factory=Ledger)
    attempt: int  # 1, and 2, 3 .. where the stage was forced or a parent's content had changed
    started_at: str  # UTC, ISO 8601, by the wall clock: to be read, never to be compared
    finished_at: str
    wall_seconds: float  # of the process that finished it, by the monotonic clock
    provenance: Provenance
    cpu_seconds: float | None = None  # of that process and all its threads; None in records of before it was measured

    def save(self, folder: Path) -> None:
        """Write `record.json`, whole or not at all."""
        write_atomically(folder / RECORD, _adapter().dump_json(self, indent=2))

    @classmethod
    def load(cls, folder: Path) -> "Record":
        """Read an artifact's record.

        Raises UserError if it is broken or of another schema, FileNotFoundError if there is none.
        """
        path = folder / RECORD
        text = path.read_bytes()
        try:
            schema = _schema(text)
            if schema == SCHEMA:
                return _adapter().validate_json(text)
        except (ValueError, ValidationError) as error:
            raise UserError(f"{path} is broken; remove the folder {folder} and build it again") from error
        raise UserError(
            f"{path} has schema {schema!r}, this program reads {SCHEMA}; "
            f"use the program that wrote it, or remove the folder {folder} and build it again"
        )


def _schema(text: bytes) -> object:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("a record is a JSON object")
    return data.get("schema")


@cache  # built when first needed: it takes longer than all other imports of this file
def _adapter() -> TypeAdapter[Record]:
    return TypeAdapter(Record)
