"""The fields of a template from a row: by a column's name, a path into objects, or a text with columns in it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline.core.errors import UserError
from pipeline.sources.config import Reading
from pipeline.sources.notes import Notes
from pipeline.sources.templates import TEMPLATES

_NAMED = re.compile(r"\{([^{}]+)\}")
_MISSING: Any = object()


def fields_of(reading: Reading, row: Mapping[str, Any], where: str, notes: Notes) -> dict[str, Any]:
    """The template's fields that the row has, as clean text; `messages` as they are.

    Raises UserError for a column that is missing or holds no text.
    """
    template = TEMPLATES[reading.template]
    found: dict[str, Any] = {}
    for field in (*template.required, *template.optional):
        column = reading.columns.get(field, field)
        if field in template.optional and field not in reading.columns and column not in row:
            continue
        if field == "messages":
            found[field] = _column(row, column, field, where)
        else:
            value = text_of(row, column, field, where, notes)
            found[field] = reading.values.get(field, {}).get(value, value)
    return found


def text_of(row: Mapping[str, Any], column: str, field: str, where: str, notes: Notes) -> str:
    """What `columns` (or `domain`, `family`) names in a row, as clean text."""
    if "{" not in column:
        return cleaned(_text(_column(row, column, field, where), column, where), notes)
    return cleaned(
        _NAMED.sub(lambda found: _text(_column(row, found[1], field, where), found[1], where), column), notes
    )


def cleaned(text: str, notes: Notes) -> str:
    """With plain line ends, without NUL bytes, half characters and white space around it; repairs are counted."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        notes.repaired["texts_with_nul_bytes"] += 1
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        notes.repaired["texts_with_half_characters"] += 1
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.strip()


def _column(row: Mapping[str, Any], column: str, field: str, where: str) -> Any:
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if isinstance(value, list) and part.isdecimal():
            value = value[int(part)] if int(part) < len(value) else _MISSING
        else:
            value = value.get(part, _MISSING) if isinstance(value, dict) else _MISSING
    if value is _MISSING:
        raise UserError(f"{where} has no column {column!r} (it has {', '.join(row)}); set `columns: {{{field}: ...}}`")
    return value


def _text(value: Any, column: str, where: str) -> str:
    """Numbers as they are written, true and false in lower case, a list's texts one on each line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float | None) for item in value):
        return "\n".join(_text(item, column, where) for item in value)
    kind = "date" if isinstance(value, date) else type(value).__name__
    raise UserError(f"{where}: column {column!r} holds a {kind}, not text; choose another column")
