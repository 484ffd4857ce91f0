"""From a file's rows to documents, by declared templates; an empty document is the caller's to drop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.sources.config import Files
from pipeline.sources.files import read_rows, read_text, split_text
from pipeline.tasks.gsm8k import split_solution

_COLUMNS = {"text": ("text",), "qa": ("prompt", "answer"), "gsm8k": ("question", "answer")}  # required
_OPTIONAL = {"text": (), "qa": ("reasoning",), "gsm8k": ()}


def documents_of(files: Files, name: str, path: Path) -> Iterator[tuple[str, Document]]:
    """Documents of one file in order, each with the unit that decides whether it is held out.

    The unit is the row, or the whole file for text: pieces of one text stay on one side.
    Raises UserError for a line that is no JSON, and for a column that is missing or holds no text.
    """
    if files.format == "text":
        for number, text in enumerate(split_text(read_text(path), files.max_words)):
            yield name, _plain(files, name, f"{name}:{number}", text)
        return
    for where, row in read_rows(path):
        identity = f"{name}:{where.rpartition(':')[2]}"
        yield identity, _from_row(files, name, identity, _columns(files, row, where), where)


def _columns(files: Files, row: dict[str, Any], where: str) -> dict[str, str]:
    """The template's fields from a row, as text."""
    values: dict[str, str] = {}
    for field in (*_COLUMNS[files.template], *_OPTIONAL[files.template]):
        column = files.columns.get(field, field)
        if column not in row:
            if field in _OPTIONAL[files.template] and field not in files.columns:
                continue
            raise UserError(
                f"{where} has no column {column!r} (it has {', '.join(row)}); set `columns: {{{field}: ...}}`"
            )
        values[field] = _text(row[column], column, where)
    return values


def _text(value: object, column: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise UserError(f"{where}: column {column!r} holds a {type(value).__name__}, not text; choose another column")


def _from_row(files: Files, source: str, identity: str, values: dict[str, str], where: str) -> Document:
    if files.template == "text":
        return _plain(files, source, identity, values["text"])
    if files.template == "qa":
        return _question(files, source, identity, (values["prompt"], values.get("reasoning", ""), values["answer"]))
    try:
        reasoning, final = split_solution(values["answer"])
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    return _question(files, source, identity, (values["question"], reasoning, final))


def _plain(files: Files, source: str, identity: str, text: str) -> Document:
    return Document(id=identity, source=source, text=text.strip(), domain=files.domain, family=files.family)


def _question(files: Files, source: str, identity: str, parts: tuple[str, str, str]) -> Document:
    """A question with its answer; a written step is a line of the trace that is not blank."""
    prompt, reasoning, answer = parts
    num_steps = sum(1 for line in reasoning.splitlines() if line.strip())
    return Document(
        id=identity,
        source=source,
        prompt=prompt,
        reasoning=reasoning,
        answer=answer,
        domain=files.domain,
        family=files.family,
        num_steps=num_steps,
    )
