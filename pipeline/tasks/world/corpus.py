"""Documents of the world by its dials: base text and look-ups, or questions with traces.

Document i depends on (study key, stream, split, i) and the dials, and on nothing else: any stretch of
a corpus can be made anywhere, and two study keys share no stream. Speed matters (a study draws
millions): weights are made cumulative once, and every draw is one `random()`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from pipeline.core.document import Document
from pipeline.core.seeds import rng
from pipeline.tasks.problem import Problem
from pipeline.tasks.world.base_text import KINDS, base_text
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lookup import LOOKUP, lookup_in_split
from pipeline.tasks.world.split import Split, hash_of, make_in_split
from pipeline.tasks.world.trace import write_trace, wrong_answer

Value = TypeVar("Value", bound=int | str)
_Write = Callable[[Random, str], Document]  # from a stream and an id


def documents(
    dials: BaseText | Reasoning, *, study_key: str, stream: str, split: Split, count: int, start: int = 0
) -> Iterator[Document]:
    """Documents `start` to `start + count` of a stream, in order; how many is the caller's to say, not the dials'."""
    write = _base_writer(dials, stream, split) if isinstance(dials, BaseText) else _trace_writer(dials, stream, split)
    for i in range(start, start + count):
        yield write(rng(study_key, "documents", stream, split, i), f"{stream}-{split}-{i}")


def draw_problem(family: str, stream: Random, depth: int, template: int, split: Split) -> Problem:
    """A problem of a family by name; look-up questions have one depth (0) and choose their own template."""
    if family == LOOKUP:
        return lookup_in_split(stream, split)
    return make_in_split(FAMILIES[family], stream, depth, template, split)


class _Weighted(Generic[Value]):
    """Values drawn by weight, one `random()` a draw; sorted, so that the order they were written in does not matter."""

    def __init__(self, weights: Mapping[Value, float]) -> None:
        self.values = sorted(value for value, weight in weights.items() if weight > 0)
        self.edges = list(accumulate(weights[value] for value in self.values))
        self.last = len(self.values) - 1

    def draw(self, stream: Random) -> Value:
        """One value; the clamp is for a sum of weights that rounding left below its last edge."""
        return self.values[min(bisect_right(self.edges, stream.random() * self.edges[-1]), self.last)]


def _base_writer(dials: BaseText, source: str, split: Split) -> _Write:
    shares = {kind: float(getattr(dials, f"{kind}_share")) for kind in (LOOKUP, *KINDS)}
    kinds = _Weighted(shares)

    def write(stream: Random, name: str) -> Document:
        kind = kinds.draw(stream)
        if kind == LOOKUP:
            return _looked_up(lookup_in_split(stream, split), name, source)
        return Document(id=name, source=source, text=base_text(stream, kind), domain="text", family=kind)

    return write


def _looked_up(problem: Problem, name: str, source: str) -> Document:
    return Document(
        id=name,
        source=source,
        prompt=problem.prompt,
        answer=problem.answer,
        domain=problem.domain,
        family=problem.family,
        template=str(problem.template),
        structure=hash_of(problem.structure),
        style="answer_only",
    )


def _trace_writer(dials: Reasoning, source: str, split: Split) -> _Write:
    families = [FAMILIES[name] for name in dials.families]
    num_families, num_templates = len(families), dials.templates
    depths, styles = _Weighted(dials.depths), _Weighted(dials.styles)

    def write(stream: Random, name: str) -> Document:
        family = families[int(stream.random() * num_families)]
        template = int(stream.random() * num_templates)
        depth, style = depths.draw(stream), styles.draw(stream)
        problem = make_in_split(family, stream, depth, template, split)
        trace = write_trace(problem, style, stream, dials.corrupted_steps)
        is_wrong = stream.random() < dials.wrong_answers
        return Document(
            id=name,
            source=source,
            prompt=problem.prompt,
            reasoning=trace.text,
            answer=wrong_answer(problem, stream) if is_wrong else problem.answer,
            domain=problem.domain,
            family=problem.family,
            template=str(problem.template),
            structure=hash_of(problem.structure),
            style=style,
            depth=problem.depth,
            num_steps=trace.num_steps,
            num_corrupted=trace.num_corrupted,
            is_wrong=is_wrong,
        )

    return write
