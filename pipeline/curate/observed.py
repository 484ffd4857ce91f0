"""What is seen of one document when it is measured; seen once, counted on both sides of curation."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from pipeline.core.chat import SPECIAL_TOKENS, render
from pipeline.core.document import Document
from pipeline.curate.arithmetic import SumCheck, check_sums
from pipeline.curate.steps import parts
from pipeline.curate.words import count_tokens, plain_words, shingles

_RUN = 5
_UNCHECKED = SumCheck(0, 0, "")


@dataclass(frozen=True, slots=True)
class Observed:
    """One document and its numbers."""

    document: Document
    text: str
    digest: bytes
    tokens: int
    trace_tokens: int
    answer_tokens: int  # of the answer alone
    sums: SumCheck
    repeated: float  # share of the trace's 5-word runs that came before in it
    says_answer: bool  # the trace holds the answer word for word
    is_well_formed: bool  # an answer, and no mark of the chat format inside


def observe(document: Document, *, sums: bool) -> Observed:
    """Look at a document. sums: whether those of its trace are checked."""
    trace = document.reasoning
    words = plain_words(trace) if trace else []
    trace_tokens, answer_tokens = count_tokens(trace), count_tokens(document.answer)
    texts = (document.prompt, trace, document.answer)
    return Observed(
        document=document,
        text="\n".join(parts(document)),
        digest=blake2b(render(document).text.encode(), digest_size=8).digest(),
        tokens=count_tokens(document.text) + count_tokens(document.prompt) + trace_tokens + answer_tokens,
        trace_tokens=trace_tokens,
        answer_tokens=answer_tokens,
        sums=check_sums(trace) if sums and trace else _UNCHECKED,
        repeated=_repeated(words),
        says_answer=bool(words) and _holds(words, plain_words(document.answer)),
        is_well_formed=bool(document.answer) and not any(mark in text for mark in SPECIAL_TOKENS for text in texts),
    )


def _repeated(words: list[str]) -> float:
    runs = shingles(words, _RUN)
    return 1 - len(np.unique(runs)) / len(runs) if len(runs) else 0.0


def _holds(words: list[str], answer: list[str]) -> bool:
    return bool(answer) and any(words[at : at + len(answer)] == answer for at in range(len(words) - len(answer) + 1))
