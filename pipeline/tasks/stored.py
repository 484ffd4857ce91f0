"""Completions that are on file, made by whatever model: read, and matched to the problems that they answer.

JSONL, one completion a line: `task` (as the suite names it), `problem` (its id, or its number in the suite's order) or
`question` (its text, spaces of no account), `completion`, and - where it is known whether it is right - `label`
(true or false, or 1 or 0).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError

_FIELDS = "`task`, `completion`, and `problem` or `question`"
_LABELS: Mapping[Any, bool] = {True: True, False: False}  # 1 and 0 are equal to them


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One line."""

    line: int  # from 1
    task: str
    problem: str | int | None
    question: str | None
    completion: str
    label: bool | None  # None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a completion may name: a problem by its id, its number and the texts that it is asked with."""

    id: str
    number: int  # in its task
    texts: tuple[str, ...]


def read_stored(path: Path) -> list[Stored]:
    """All lines of a file. Raises UserError, with the line's number, for what is no such file."""
    if not path.is_file():
        raise UserError(f"completions={path} is no file; give a JSONL file with {_FIELDS} in each line")
    with path.open(encoding="utf-8", errors="replace") as lines:
        found = [_read(line, number, path) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise UserError(f"completions={path} has no line; each needs {_FIELDS}")
    return found


def matched(stored: Iterable[Stored], asked: Sequence[Asked]) -> Iterator[tuple[Stored, int | None]]:
    """Each line with the place in `asked` of the problem that it answers; None where there is no such problem."""
    places: dict[str | int, int] = {}
    for place, problem in enumerate(asked):
        for name in (problem.id, problem.number, *map(_words, problem.texts)):
            places.setdefault(name, place)
    for each in stored:
        name = _words(each.question) if each.problem is None and each.question is not None else each.problem
        yield each, None if name is None else places.get(name)


def _read(line: str, number: int, path: Path) -> Stored:
    where = f"{path}:{number}"
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where} is no JSON ({error}); each line needs {_FIELDS}") from error
    if not isinstance(row, dict):
        raise UserError(f"{where} is no JSON object; each line needs {_FIELDS}")
    problem, question, label = row.get("problem"), row.get("question"), row.get("label")
    is_named = isinstance(problem, str | int) or isinstance(question, str)
    if not (isinstance(row.get("task"), str) and isinstance(row.get("completion"), str) and is_named):
        raise UserError(f"{where} lacks one of {_FIELDS}; add it")
    if label is not None and (isinstance(label, str | list | dict) or label not in _LABELS):
        raise UserError(f"{where} has the label {label!r}; give true or false, or leave it out")
    return Stored(
        line=number,
        task=row["task"],
        problem=problem,
        question=question,
        completion=row["completion"],
        label=None if label is None else _LABELS[label],
    )


def _words(text: str) -> str:
    return " ".join(text.split())
