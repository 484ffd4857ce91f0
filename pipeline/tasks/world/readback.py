"""What the dials came to: every characteristic of a reasoning corpus read off its documents alone.

`measure` is the read-back, `asked` the same numbers as the dials say them; `benchmarks/dials.py` sets them side by
side. Nothing here knows how documents are drawn. Documents that are no problems (`instruct`) count in their own
share only.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from math import log2
from typing import Any

from pipeline.core.document import Document
from pipeline.tasks.world.cast import POOL_OF
from pipeline.tasks.world.dials import Reasoning
from pipeline.tasks.world.distract import count_distractors
from pipeline.tasks.world.instruct import INSTRUCT
from pipeline.tasks.world.trace import STYLES

_TELLING = 2  # entities of one pool, in the order in which a prompt says them: a cast is told by these

Reading = dict[str, float]


def measure(documents: Iterable[Document], others: Iterable[Document] = ()) -> Reading:
    """Characteristics of a corpus; entropies are in bits, shares from 0 to 1. others: the corpus that it may repeat."""
    every = list(documents)
    problems = [document for document in every if document.family != INSTRUCT]
    return {
        "documents": len(every),
        "unique_share": len({_said(document) for document in every}) / max(1, len(every)),
        "shared_share": _shared_share(every, others),
        "instruct_share": 1 - _ratio(len(problems), len(every)),
        **_diversity(problems),
        **_depth(problems),
        **_quality(problems),
    }


def asked(dials: Reasoning) -> Reading:
    """What the dials say of the same characteristics, where they say it."""
    depths, distractors, styles = (_normed(weights) for weights in (dials.depths, dials.distractors, dials.styles))
    return {
        "shared_share": dials.shared_share,
        "instruct_share": dials.instruct_share,
        "families": len(dials.families),
        "templates": dials.templates,
        "family_template_bits": log2(len(dials.families) * dials.templates),
        **({} if dials.casts is None else {"entity_sets": dials.casts}),
        "depth": sum(int(depth) * share for depth, share in depths.items()),
        "distractors": sum(int(count) * share for count, share in distractors.items()),
        **{style: styles.get(style, 0.0) for style in STYLES},
        "corrupted_rate": dials.corrupted_steps,
        "wrong_rate": dials.wrong_answers,
        "think_share": dials.think_share,
    }


def _diversity(problems: Sequence[Document]) -> Reading:
    kinds = Counter((document.family, document.template) for document in problems)
    return {
        "families": len({family for family, _ in kinds}),
        "templates": len({template for _, template in kinds}),
        "family_template_bits": _bits(kinds),
        "structure_bits": _bits(Counter(document.structure for document in problems)),
        "entity_sets": _entity_sets(problems),
    }


def _depth(problems: Sequence[Document]) -> Reading:
    traces = [_trace(document) for document in problems if document.num_steps]
    words = sum(len(trace.split()) for trace in traces)
    return {
        "depth": _mean(document.depth for document in problems),
        "distractors": _mean(count_distractors(document.prompt) for document in problems),
        "written_steps": _mean(document.num_steps for document in problems),
        "trace_words": _ratio(words, len(problems)),
    }


def _quality(problems: Sequence[Document]) -> Reading:
    styles = Counter(document.style for document in problems)
    written = [document for document in problems if document.num_steps]
    return {
        **{style: _ratio(styles[style], len(problems)) for style in STYLES},
        "corrupted_rate": _ratio(sum(d.num_corrupted for d in problems), sum(d.num_steps for d in problems)),
        "wrong_rate": _mean(document.is_wrong for document in problems),
        "think_share": _mean(bool(document.reasoning) for document in written) if written else 1.0,
    }


def _trace(document: Document) -> str:
    """The trace, wherever it stands: between the think marks, or in the answer before its word."""
    return document.reasoning or document.answer.rpartition(" . ")[0]


def _entity_sets(problems: Sequence[Document]) -> int:
    """How many different first two entities there are, in the pool that has most."""
    found: dict[int, set[tuple[str, ...]]] = {}
    for document in problems:
        said: dict[int, dict[str, None]] = {}
        for word in document.prompt.split(" "):
            if (pool := POOL_OF.get(word)) is not None:
                said.setdefault(pool, {})[word] = None
        for pool, words in said.items():
            if len(words) >= _TELLING:
                found.setdefault(pool, set()).add(tuple(islice(words, _TELLING)))
    return max(map(len, found.values()), default=0)


def _shared_share(documents: Sequence[Document], others: Iterable[Document]) -> float:
    known = {_said(document) for document in others}
    return _mean(_said(document) in known for document in documents)


def _said(document: Document) -> tuple[str, ...]:
    return document.text, document.prompt, document.reasoning, document.answer


def _normed(weights: Any) -> dict[Any, float]:
    total = sum(weights.values())
    return {value: weight / total for value, weight in weights.items()}


def _bits(counts: Counter[Any]) -> float:
    total = counts.total()
    return sum(n / total * log2(total / n) for n in counts.values()) if total else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return _ratio(sum(found), len(found))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
