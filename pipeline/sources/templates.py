r"""Templates and marks: declared once, for every data set alike.

A template says which fields a row must have. A mark is read out of the answer: `think` is a thought between two
tags, `gsm8k` a worked solution with calculator marks and a last line `#### 24`, `boxed` a worked solution
whose answer stands in `\boxed{}`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.core.errors import UserError
from pipeline.sources.config import Mark, Reading
from pipeline.tasks.gsm8k import split_solution


class Parts(NamedTuple):
    """A question taken apart."""

    prompt: str
    reasoning: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Fields that a row must have, those that it may have, the marks that its answer carries."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


TEMPLATES: Mapping[str, Template] = {
    "text": Template(required=("text",)),
    "qa": Template(required=("prompt", "answer"), optional=("reasoning",)),
    "chat": Template(required=("messages",), marks=("think",)),
    "gsm8k": Template(required=("question", "answer"), marks=("gsm8k",)),
}

_ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant", "developer": "system"}
_BOXED = "\\boxed{"


def read_marks(reading: Reading, parts: Parts) -> Parts:
    """The parts once all marks are read. Raises UserError for a mark that is not whole."""
    marks = TEMPLATES[reading.template].marks if reading.marks is None else reading.marks
    for mark in marks:
        parts = _MARKS[mark](parts, reading)
    return parts


def read_messages(value: Any) -> Parts:
    """A conversation: the last thing that the assistant says is the answer, all before it the question.

    value: a list of objects with role and content (or from and value), or the same as JSON. One user's turn is the
    question as it is; several turns are told apart by their roles' names. Raises UserError for anything else.
    """
    turns = [_turn(message) for message in _messages(value)]
    said = [index for index, turn in enumerate(turns) if turn[0] == "assistant"]
    before = turns[: said[-1]] if said else []
    if not any(role == "user" for role, _, _ in before):
        raise UserError("no turn of an assistant with a user's before it")
    is_plain = all(role in ("user", "system") for role, _, _ in before) and len(before) <= 2
    texts = [text if is_plain else f"{role.capitalize()}: {text}" for role, text, _ in before if text]
    _, answer, thought = turns[said[-1]]
    return Parts("\n\n".join(texts), thought, answer)


def _messages(value: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise UserError(f"messages are no list but {value[:40]!r}") from None
    if not isinstance(value, list) or not all(isinstance(message, dict) for message in value):
        raise UserError(f"messages are no list of objects but {str(value)[:40]!r}")
    return value


def _turn(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """Role, text and thought of one message."""
    role = str(message.get("role") or message.get("from") or "").lower()
    content = message.get("content") if "content" in message else message.get("value")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    thought = message.get("reasoning_content") or message.get("reasoning") or message.get("thinking") or ""
    if not role or not isinstance(content, str | None) or not isinstance(thought, str):
        raise UserError(f"a message has no role or no text (keys: {', '.join(message)})")
    return _ROLES.get(role, role), (content or "").strip(), thought.strip()


def _think(parts: Parts, reading: Reading) -> Parts:
    opening, closing = reading.think_tags
    if opening not in parts.answer and closing not in parts.answer:
        return parts
    thoughts, rest, text = [parts.reasoning], "", parts.answer
    if closing in text and opening not in text.partition(closing)[0]:
        text = opening + text  # some templates put the opening tag into the prompt
    while opening in text:
        before, _, text = text.partition(opening)
        thought, closed, text = text.partition(closing)
        if not closed:
            raise UserError(f"a thought is opened with {opening!r} and not closed")
        rest += before
        thoughts.append(thought.strip())
    return parts._replace(reasoning="\n".join(filter(None, thoughts)), answer=(rest + text).strip())


def _gsm8k(parts: Parts, _: Reading) -> Parts:
    solution, final = split_solution(parts.answer)
    return parts._replace(reasoning="\n".join(filter(None, (parts.reasoning, solution))), answer=final)


def _boxed(parts: Parts, _: Reading) -> Parts:
    before, found, behind = parts.answer.rpartition(_BOXED)
    if not found:
        raise UserError(f"the answer {parts.answer[-40:]!r} has no {_BOXED}...}}")
    depth = 1
    for at, character in enumerate(behind):
        depth += (character == "{") - (character == "}")
        if not depth:
            solution = before + found + behind
            reasoning = "\n".join(filter(None, (parts.reasoning, solution.strip())))
            return parts._replace(reasoning=reasoning, answer=behind[:at].strip())
    raise UserError(f"the answer {parts.answer[-40:]!r} opens {_BOXED} and does not close it")


_MARKS: Mapping[Mark, Callable[[Parts, Reading], Parts]] = {"think": _think, "gsm8k": _gsm8k, "boxed": _boxed}
