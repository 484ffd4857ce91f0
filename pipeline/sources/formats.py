"""Rows of one file in each of the formats; a row that cannot be read comes as the error that names it.

Tables are read by pyarrow and by the standard library.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.sources.config import Files, Format
from pipeline.sources.found import Found, Row, read_file_lines, too_long
from pipeline.sources.json_rows import read_json, read_jsonl
from pipeline.sources.lines import Line
from pipeline.sources.notes import Notes

_BATCH_ROWS = 512
_SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet", ".csv": "csv", ".tsv": "tsv",
}  # fmt: skip


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
        raise too_long(f"{path}:{line.number}", files)
    return line


_READERS: Mapping[Format, Callable[[Files, Path, Notes], Iterator[Found]]] = {
    "jsonl": read_jsonl,
    "json": read_json,
    "parquet": _parquet,
    "csv": _table(","),
    "tsv": _table("\t"),
}
