"""From a file's or a data set's rows to documents; an empty document is the caller's to drop."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.sources.columns import cleaned, fields_of, text_of
from pipeline.sources.config import Files, Reading
from pipeline.sources.formats import format_of, read_rows
from pipeline.sources.found import Found, Row, read_file_lines
from pipeline.sources.notes import Notes
from pipeline.sources.templates import Parts, read_marks, read_messages
from pipeline.sources.text import split_text


def documents_of(files: Files, name: str, path: Path, notes: Notes) -> Iterator[tuple[str, Document]]:
    """Documents of one file in order, each with the unit that decides whether it is held out.

    The unit is the row, or the whole file for text: pieces of one text stay on one side.
    Raises UserError for a broken file, and, unless such rows are dropped, for a row that cannot be read.
    """
    if format_of(files, name) == "text":
        yield from _pieces(files, name, path, notes)
    else:
        yield from from_rows(files, name, read_rows(files, name, path, notes), notes)


def from_rows(reading: Reading, source: str, rows: Iterable[Found], notes: Notes) -> Iterator[tuple[str, Document]]:
    """Documents of rows, in order. Raises UserError for a row that cannot be read, unless such rows are dropped."""
    for number, where, row in rows:
        try:
            if isinstance(row, UserError):
                raise row
            document = _from_row(reading, source, number, row, where, notes)
        except UserError as error:
            if reading.bad_rows == "stop":
                raise
            notes.drop("bad_row", where, str(error))
            continue
        yield document.id, document


def _pieces(files: Files, name: str, path: Path, notes: Notes) -> Iterator[tuple[str, Document]]:
    whole = orjson.dumps({"whole": name}).decode()
    domain, family = _named(files.domain, {}, name, notes), _named(files.family, {}, name, notes)
    texts = split_text((line.text for line in read_file_lines(files, path, notes)), files.max_words)
    for number, text in enumerate(texts):
        yield (
            name,
            Document(
                id=f"{name}:{number}",
                source=name,
                text=cleaned(text, notes),
                domain=domain,
                family=family,
                metadata=whole,
            ),
        )


def _from_row(reading: Reading, source: str, number: int, row: Row, where: str, notes: Notes) -> Document:
    fields = fields_of(reading, row, where, notes)
    has_id = "id" in reading.columns
    identity = text_of(row, reading.columns["id"], "id", where, notes) if has_id else f"{source}:{number}"
    if not identity:
        raise UserError(f"{where} has an empty id; correct it, or leave `columns: {{id: ...}}` out")
    found = Parts("", "", "") if reading.template == "text" else _parts(reading, fields, where)
    parts = Parts(*(cleaned(part, notes) for part in found))
    return Document(
        id=identity,
        source=source,
        text=fields.get("text", ""),
        prompt=parts.prompt,
        reasoning=parts.reasoning,
        answer=parts.answer,
        domain=_named(reading.domain, row, where, notes),
        family=_named(reading.family, row, where, notes),
        num_steps=_num_steps(parts.reasoning, reading.step_mark),
        metadata=_kept(reading, row, where),
    )


def _parts(reading: Reading, fields: dict[str, str], where: str) -> Parts:
    try:
        if reading.template == "chat":
            return read_marks(reading, read_messages(fields["messages"]))
        prompt = fields["question" if reading.template == "gsm8k" else "prompt"]
        return read_marks(reading, Parts(prompt, fields.get("reasoning", ""), fields["answer"]))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def _named(value: str, row: Row, where: str, notes: Notes) -> str:
    return text_of(row, value, "domain or family", where, notes) if "{" in value else value


def _num_steps(reasoning: str, mark: str) -> int:
    """Written steps: what stands between two marks and is not blank."""
    return sum(bool(step and step.strip()) for step in re.split(mark, reasoning))


def _kept(reading: Reading, row: Row, where: str) -> str:
    if not reading.keep:
        return ""
    if missing := [column for column in reading.keep if column not in row]:
        raise UserError(f"{where} has no column {missing[0]!r} (it has {', '.join(row)}); correct `keep`")
    return orjson.dumps({column: row[column] for column in reading.keep}, default=str).decode()
