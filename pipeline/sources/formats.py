"""Rows of one file in each of the formats; a row that cannot be read comes as the error that names it.

JSON is parsed here, as lines or as a stream of objects and arrays: datatrove's readers pass over a broken row
with a line in a log, and the JSON reader of `datasets` (5.2) guesses types, so that a text such as "2020-01-01"
comes back as a datetime. Tables are read by pyarrow and by the standard library.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipeline.core.errors import UserError
from pipeline.sources.config import Files, Format
from pipeline.sources.lines import Line, read_lines
from pipeline.sources.notes import Notes

Row = Mapping[str, Any]

_BATCH_ROWS = 512
_MIN_PARSED = 1 << 15  # characters
_BETWEEN = " \t\r\n,[]"  # between the objects of a stream, or around them
_SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet", ".csv": "csv", ".tsv": "tsv",
}  # fmt: skip


class Found(NamedTuple):
    """One row and where it stands: a number for its id, words for people."""

    number: int
    where: str
    row: Row | UserError


def format_of(files: Files, name: str) -> Format:
    """The format of a file: as declared, or by its name, in which `.gz` and `.zst` do not count."""
    if files.format != "auto":
        return files.format
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() not in (".gz", ".zst")]
    return _SUFFIXES.get(suffixes[-1] if suffixes else "", "text")


def read_rows(files: Files, name: str, path: Path, notes: Notes) -> Iterator[Found]:
    """Rows of a JSONL, JSON, Parquet, CSV or TSV file in order.

    Raises UserError for a file that is broken as a whole: truncated, no Parquet, an object that never ends.
    """
    return _READERS[format_of(files, name)](files, path, notes)


def read_file_lines(files: Files, path: Path, notes: Notes) -> Iterator[Line]:
    """Lines of a file as its config says. Raises UserError for a truncated one."""
    return read_lines(path, encoding=files.encoding, limit=files.max_row_bytes, notes=notes)


def _jsonl(files: Files, path: Path, notes: Notes) -> Iterator[Found]:
    too_long = 0
    for line in read_file_lines(files, path, notes):
        where = f"{path}:{line.number}"
        if not line.is_whole:
            if line.number != too_long:
                yield Found(line.number, where, _too_long(where, files))
            too_long = line.number
        elif line.text.strip():
            yield Found(line.number, where, _parsed(line.text, where))


def _too_long(where: str, files: Files) -> UserError:
    return UserError(f"{where} is longer than max_row_bytes={files.max_row_bytes}; raise that, or set bad_rows: drop")


def _parsed(line: str, where: str) -> Row | UserError:
    try:
        row: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return UserError(f"{where} is no JSON ({error}); correct or remove the line, or set bad_rows: drop")
    if not isinstance(row, dict):
        return UserError(f"{where} is no JSON object but {line[:40]!r}; each line must hold one row")
    return row


def _json(files: Files, path: Path, notes: Notes) -> Iterator[Found]:
    """Objects one after another: in an array, in several, or bare; `rows_at` opens each."""
    number = 0
    for value in _objects(files, path, notes):
        rows: Any = value.get(files.rows_at) if files.rows_at else [value]
        if not isinstance(rows, list):
            raise UserError(f"{path}: {files.rows_at!r} holds no list (keys: {', '.join(value)}); correct `rows_at`")
        for row in rows:
            number += 1
            where = f"{path}: object {number}"
            yield Found(number, where, row if isinstance(row, dict) else UserError(f"{where} is no JSON object"))


def _objects(files: Files, path: Path, notes: Notes) -> Iterator[dict[str, Any]]:
    """As much is read as one object needs: twice as much each time that it has not ended yet."""
    decode = json.JSONDecoder().raw_decode
    chunks = (line.text for line in read_file_lines(files, path, notes))
    text, count = "", 0
    while True:
        text = text.lstrip(_BETWEEN)
        if len(text) < _MIN_PARSED:
            text = _filled(text, chunks, 8 * _MIN_PARSED).lstrip(_BETWEEN)
        if not text:
            return
        value, end, tried = None, 0, 0
        while not end:
            try:
                value, end = decode(text)
            except json.JSONDecodeError as error:
                text = _filled(text, chunks, 2 * len(text))
                if len(text) == tried or len(text) > files.max_row_bytes:
                    raise UserError(f"{path}: object {count + 1} is no JSON ({error.msg}); correct the file") from None
            tried = len(text)
        count += 1
        if not isinstance(value, dict):
            raise UserError(f"{path}: object {count} is no JSON object but {text[:40]!r}; each row must be one")
        yield value
        text = text[end:]


def _filled(text: str, chunks: Iterator[str], size: int) -> str:
    """The text with more behind it, up to `size` characters or the end."""
    parts, length = [text], len(text)
    while length < size and (chunk := next(chunks, "")):
        parts.append(chunk)
        length += len(chunk)
    return "".join(parts)


def _parquet(_files: Files, path: Path, _notes: Notes) -> Iterator[Found]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield Found(number, f"{path}: row {number}", row)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path} is no whole Parquet file ({str(error)[:80]}); get it again") from error


def _table(delimiter: str) -> Callable[[Files, Path, Notes], Iterator[Found]]:
    def read(files: Files, path: Path, notes: Notes) -> Iterator[Found]:
        csv.field_size_limit(files.max_row_bytes)
        lines = (_whole(line, path, files).text for line in read_file_lines(files, path, notes))
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        names = next(rows, [])
        number = 0
        while True:
            number += 1
            where = f"{path}: row {number}"
            try:
                cells = next(rows, None)
            except csv.Error as error:
                raise UserError(f"{where} is no CSV ({error}); correct the file") from error
            if cells is None:
                return
            if cells:
                yield Found(number, where, _named(names, cells, where))

    return read


def _named(names: list[str], cells: list[str], where: str) -> Row | UserError:
    if len(names) == len(cells):
        return dict(zip(names, cells, strict=True))
    return UserError(f"{where} has {len(cells)} fields where the first line names {len(names)}; correct it")


def _whole(line: Line, path: Path, files: Files) -> Line:
    if not line.is_whole:
        raise _too_long(f"{path}:{line.number}", files)
    return line


_READERS: Mapping[Format, Callable[[Files, Path, Notes], Iterator[Found]]] = {
    "jsonl": _jsonl,
    "json": _json,
    "parquet": _parquet,
    "csv": _table(","),
    "tsv": _table("\t"),
}
