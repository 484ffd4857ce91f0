"""The card of one side of curation: what a corpus is like, as JSON.

    size       documents, tokens (words and marks), tokens in documents that are no copy, words that occur, bytes
    length     mean, percentiles and a histogram of tokens a document, in powers of two
    shares     of tokens by domain, of documents by domain, family, template, depth and style where known
    diversity  `diversity.Diversity`, and templates and structures where they are known
    depth      steps a trace by its declared step marks, tokens a trace; means, percentiles, histograms
    quality    checked sums, known mistakes, format, copies, repetition inside the trace: `soundness.Soundness`

Counts are over all documents, diversity over a keyed sample. Tokens need no trained tokenizer here, so that corpora of
different studies compare; the study's own counts are in the meta.json of tokenize, and in the report beside these.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.document import Document
from pipeline.curate.characteristics import entropy_bits
from pipeline.curate.config import Measuring
from pipeline.curate.diversity import Diversity
from pipeline.curate.lengths import Lengths
from pipeline.curate.observed import Observed
from pipeline.curate.soundness import Soundness

_SHARES = ("domain", "family", "template", "depth", "style")
_MAX_KINDS = 1000  # of one share: more are counted together as "(other)"


@dataclass
class Card:
    """Counters that documents are added to one by one."""

    config: Measuring
    totals: Counter[str] = field(default_factory=Counter)
    shares: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _SHARES})
    domain_tokens: Counter[str] = field(default_factory=Counter)
    structures: Counter[str] = field(default_factory=Counter)
    digests: set[bytes] = field(default_factory=set)
    lengths: Lengths = field(default_factory=Lengths)
    answers: Lengths = field(default_factory=Lengths)
    traces: Lengths = field(default_factory=Lengths)
    steps: Lengths = field(default_factory=Lengths)
    soundness: Soundness = field(default_factory=Soundness)
    diversity: Diversity = field(init=False)

    def __post_init__(self) -> None:
        self.diversity = Diversity(self.config)

    def add(self, seen: Observed) -> None:
        """Count one document."""
        document, tokens = seen.document, seen.tokens
        is_new = seen.digest not in self.digests
        self.digests.add(seen.digest)
        self.totals.update(documents=1, tokens=tokens, unique_documents=is_new, unique_tokens=tokens * is_new)
        self.totals.update(bytes=len(seen.text.encode()), questions=document.is_question)
        self.lengths.add(tokens)
        self._add_shares(document, tokens)
        self.diversity.add(document.id, seen.text)
        if document.is_question:
            self._add_question(seen)

    def _add_shares(self, document: Document, tokens: int) -> None:
        self.domain_tokens[document.domain or "(none)"] += tokens
        for name in _SHARES:
            if (name != "depth" or document.depth) and (value := str(getattr(document, name))):
                counts = self.shares[name]
                counts[value if value in counts or len(counts) < _MAX_KINDS else "(other)"] += 1
        if document.structure:
            self.structures[document.structure] += 1

    def _add_question(self, seen: Observed) -> None:
        self.answers.add(seen.trace_tokens + seen.answer_tokens)
        if seen.document.reasoning:
            self.traces.add(seen.trace_tokens)
            self.steps.add(seen.document.num_steps)
        self.soundness.add(seen)

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        total = self.totals
        questions = {
            "questions": total["questions"],
            "answer_tokens": self.answers.to_json(),
            "trace_tokens": self.traces.to_json(),
            "steps": self.steps.to_json(),
        }
        return {
            "size": {
                name: total[name] for name in ("documents", "tokens", "unique_documents", "unique_tokens", "bytes")
            },
            "length": self.lengths.to_json(),
            "token_share_by_domain": _shares(self.domain_tokens),
            **{f"by_{name}": dict(sorted(counts.items())) for name, counts in self.shares.items() if counts},
            "diversity": {
                **self.diversity.to_json(),
                "templates": len(self.shares["template"]),
                "structures": len(self.structures),
                "structure_entropy_bits": entropy_bits(self.structures),
            },
            "depth": questions if total["questions"] else {},
            "quality": {
                "copies": total["documents"] - total["unique_documents"],
                **(self.soundness.to_json() if total["questions"] else {}),
            },
        }


def _shares(counts: Counter[str]) -> dict[str, float]:
    total = counts.total() or 1
    return {name: round(count / total, 6) for name, count in sorted(counts.items())}
