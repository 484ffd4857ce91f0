"""The filters: each looks at one document and keeps it, or says why not and on what evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from pipeline.core.chat import SPECIAL_TOKENS, render
from pipeline.core.document import Document
from pipeline.curate.arithmetic import check_sums
from pipeline.curate.config import Curation
from pipeline.tasks.world.split import split_of_hash


class Reason(NamedTuple):
    """Why a document is dropped."""

    reason: str
    evidence: str


Filter = Callable[[Document], Reason | None]


def parts(document: Document) -> tuple[str, ...]:
    """A document's texts, without the empty ones."""
    texts = (document.text, document.prompt, document.reasoning, document.answer)
    return tuple(text for text in texts if text)


def has_mark(document: Document) -> Reason | None:
    """Drop text that would read as a special token of the chat format."""
    text = "\n".join(parts(document))
    if "<" not in text:
        return None
    marks = [mark for mark in SPECIAL_TOKENS if mark in text]
    return Reason("special_mark", marks[0]) if marks else None


def short_answers(config: Curation) -> Filter:
    """Drop questions whose trace and answer together have fewer words than the config asks for."""

    def filter_(document: Document) -> Reason | None:
        num_words = len(document.reasoning.split()) + len(document.answer.split())
        is_short = document.is_question and num_words < config.min_answer_words
        return Reason("short_answer", f"{num_words} words") if is_short else None

    return filter_


def few_steps(config: Curation) -> Filter:
    """Drop questions whose trace has fewer written steps than the config asks for."""

    def filter_(document: Document) -> Reason | None:
        is_few = document.is_question and document.num_steps < config.min_steps
        return Reason("few_steps", f"{document.num_steps} steps") if is_few else None

    return filter_


def long_answers(config: Curation) -> Filter:
    """Drop questions whose trace and answer together have more words than the config allows."""

    def filter_(document: Document) -> Reason | None:
        num_words = len(document.reasoning.split()) + len(document.answer.split())
        is_long = document.is_question and num_words > config.max_answer_words
        return Reason("long_answer", f"{num_words} words") if is_long else None

    return filter_


def many_steps(config: Curation) -> Filter:
    """Drop questions whose trace has more written steps than the config allows."""

    def filter_(document: Document) -> Reason | None:
        is_many = document.is_question and document.num_steps > config.max_steps
        return Reason("many_steps", f"{document.num_steps} steps") if is_many else None

    return filter_


def wrong_sums(document: Document) -> Reason | None:
    """Drop questions whose trace has a sum that is wrong."""
    wrong = check_sums(document.reasoning).first_wrong if document.is_question else ""
    return Reason("wrong_sum", wrong) if wrong else None


def outside(split: str) -> Filter:
    """Drop the world's documents whose structure belongs to another split."""

    def filter_(document: Document) -> Reason | None:
        if not document.structure:
            return None
        found = split_of_hash(document.structure)
        return Reason(f"structure_not_{split}", f"{document.structure}: {found}") if found != split else None

    return filter_


@dataclass
class Duplicates:
    """Drop a document whose rendered text came before, here or in an earlier file."""

    first: dict[bytes, str] = field(default_factory=dict)  # hash of the text -> id

    def __call__(self, document: Document) -> Reason | None:
        """Keep the first of equals."""
        digest = blake2b(render(document).text.encode(), digest_size=16).digest()
        first = self.first.setdefault(digest, document.id)
        return None if first == document.id else Reason("duplicate", first)
