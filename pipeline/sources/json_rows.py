"""JSON as it is found: an object a line, an array, several arrays, objects one after another.

Parsed here: datatrove's readers pass over a broken row with a line in a log, and the JSON reader of `datasets` (5.2)
guesses types, so that a text such as "2020-01-01" comes back as a datetime.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.errors import UserError
from pipeline.sources.config import Files
from pipeline.sources.found import Found, Row, read_file_lines, too_long
from pipeline.sources.notes import Notes

_MIN_PARSED = 1 << 15  # characters
_BETWEEN = " \t\r\n,[]"  # between the objects of a stream, or around them


def read_jsonl(files: Files, path: Path, notes: Notes) -> Iterator[Found]:
    """A row a line."""
    told = 0  # the last line of which was said that it is too long
    for line in read_file_lines(files, path, notes):
        where = f"{path}:{line.number}"
        if not line.is_whole:
            if line.number != told:
                yield Found(line.number, where, too_long(where, files))
            told = line.number
        elif line.text.strip():
            yield Found(line.number, where, _parsed(line.text, where))


def _parsed(line: str, where: str) -> Row | UserError:
    try:
        row: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return UserError(f"{where} is no JSON ({error}); correct or remove the line, or set bad_rows: drop")
    if not isinstance(row, dict):
        return UserError(f"{where} is no JSON object but {line[:40]!r}; each line must hold one row")
    return row


def read_json(files: Files, path: Path, notes: Notes) -> Iterator[Found]:
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
