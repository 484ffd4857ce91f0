"""A row as a reader finds it: with where it stands, or with what is wrong with it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import UserError
from pipeline.sources.config import Files
from pipeline.sources.lines import Line, read_lines
from pipeline.sources.notes import Notes

Row = Mapping[str, Any]


class Found(NamedTuple):
    """One row and where it stands: a number for its id, words for people."""

    number: int
    where: str
    row: Row | UserError


def read_file_lines(files: Files, path: Path, notes: Notes) -> Iterator[Line]:
    """Lines of a file as its config says. Raises UserError for a truncated one."""
    return read_lines(path, encoding=files.encoding, limit=files.max_row_bytes, notes=notes)


def too_long(where: str, files: Files) -> UserError:
    """What is wrong with a row over the limit."""
    return UserError(f"{where} is longer than max_row_bytes={files.max_row_bytes}; raise that, or set bad_rows: drop")
