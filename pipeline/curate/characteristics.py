"""What a corpus is like: its size, diversity, depth and quality, read off the documents that stayed.

Diversity is Shannon entropy in bits: over (family, template) and over structures. Depth and quality are
means over questions; the corruption rate is of written steps.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import log2
from typing import Any

from pipeline.core.document import Document
from pipeline.curate.steps import parts

_HISTOGRAMS = ("domain", "family", "template", "depth", "style")


@dataclass
class Characteristics:
    """Counters that documents are added to one by one."""

    totals: Counter[str] = field(default_factory=Counter)
    histograms: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _HISTOGRAMS})
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)  # (family, template)
    structures: Counter[str] = field(default_factory=Counter)
    texts: set[int] = field(default_factory=set)

    def add(self, document: Document) -> None:
        """Count one document."""
        texts = parts(document)
        self.texts.add(hash(texts))
        self.totals.update(documents=1, words=sum(len(text.split()) for text in texts))
        self.kinds[document.family, document.template] += 1
        for name in _HISTOGRAMS:
            if (name != "depth" or document.is_question) and str(value := getattr(document, name)):
                self.histograms[name][str(value)] += 1
        if document.structure:
            self.structures[document.structure] += 1
        if document.is_question:
            self._add_question(document)

    def _add_question(self, document: Document) -> None:
        self.totals.update(
            questions=1,
            steps=document.num_steps,
            corrupted=document.num_corrupted,
            trace_words=len(document.reasoning.split()),
            traces=bool(document.reasoning),
            wrong=document.is_wrong,
        )

    def to_json(self) -> dict[str, Any]:
        """All of it, as the corpus's card shows it."""
        total = self.totals
        return {
            "documents": total["documents"],
            "unique_documents": len(self.texts),
            "questions": total["questions"],
            "words": total["words"],
            "mean_words": _ratio(total["words"], total["documents"]),
            "unique_structures": len(self.structures),
            "family_template_entropy_bits": entropy_bits(self.kinds),
            "structure_entropy_bits": entropy_bits(self.structures),
            "trace_share": _ratio(total["traces"], total["questions"]),
            "mean_steps": _ratio(total["steps"], total["questions"]),
            "mean_trace_words": _ratio(total["trace_words"], total["questions"]),
            "corrupted_step_rate": _ratio(total["corrupted"], total["steps"]),
            "wrong_answer_rate": _ratio(total["wrong"], total["questions"]),
            **{f"by_{name}": dict(sorted(counts.items())) for name, counts in self.histograms.items()},
        }


def entropy_bits(counts: Counter[Any] | Counter[Hashable]) -> float:
    """Shannon entropy of a histogram, in bits; 0 for an empty one."""
    total = counts.total()
    if not total:
        return 0.0
    return round(sum(n / total * log2(total / n) for n in sorted(counts.values())), 6)


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
