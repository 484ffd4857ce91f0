"""Documents of the world by its dials: base text and look-ups, or questions with traces.

Document i depends on (study key, stream, split, i) and the dials, and on nothing else: any stretch of
a corpus can be made anywhere, and two study keys share no stream. Speed matters (a study draws
millions): weights are made cumulative once, and every draw is one `random()`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from pipeline.core.document import Document
from pipeline.core.seeds import rng
from pipeline.tasks.problem import Problem
from pipeline.tasks.world.base_text import KINDS, base_text
from pipeline.tasks.world.cast import recast
from pipeline.tasks.world.controls import CONTROLS
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.distract import distracted
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.instruct import INSTRUCT, instruct_in_split
from pipeline.tasks.world.knowledge import KNOWLEDGE, QUESTION_SHARE
from pipeline.tasks.world.lookup import LOOKUP
from pipeline.tasks.world.split import Split, hash_of, make_in_split, split_of
from pipeline.tasks.world.trace import SEPARATOR, write_trace, wrong_answer

Value = TypeVar("Value", bound=int | str)
_Write = Callable[[Random, str], Document]  # from a stream and an id


def documents(
    dials: BaseText | Reasoning, *, study_key: str, stream: str, split: Split, count: int, start: int = 0
) -> Iterator[Document]:
    """Documents `start` to `start + count` of a stream, in order; how many is the caller's to say, not the dials'."""
    if isinstance(dials, BaseText):
        write, share, other = _base_writer(dials, stream, split), 0.0, ""
    else:
        write, share, other = _trace_writer(dials, stream, split), dials.shared_share, dials.shared_with
    for i in range(start, start + count):
        is_shared = share > 0 and rng(study_key, "shared", stream, split, i).random() < share
        yield write(rng(study_key, "documents", other if is_shared else stream, split, i), f"{stream}-{split}-{i}")


def draw_problem(family: str, stream: Random, depth: int, template: int, split: Split) -> Problem:
    """A problem of a family by name; controls have one depth (0) and choose their own template."""
    if family in CONTROLS:
        return CONTROLS[family](stream, split)
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
    shares = {kind: float(getattr(dials, f"{kind}_share")) for kind in (LOOKUP, INSTRUCT, *KINDS)}
    kinds = _Weighted(shares)

    def write(stream: Random, name: str) -> Document:
        kind = kinds.draw(stream)
        is_question = kind in (LOOKUP, INSTRUCT) or (kind == KNOWLEDGE and stream.random() < QUESTION_SHARE)
        if is_question:
            return _asked(CONTROLS[kind](stream, split), name, source)
        return Document(id=name, source=source, text=base_text(stream, kind), domain="text", family=kind)

    return write


def _asked(problem: Problem, name: str, source: str) -> Document:
    """A question that needs no reasoning, with its answer."""
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
    depths, styles, changed = _Weighted(dials.depths), _Weighted(dials.styles), _changer(dials, source, split)

    def write(stream: Random, name: str) -> Document:
        family = families[int(stream.random() * num_families)]
        template = int(stream.random() * num_templates)
        depth, style = depths.draw(stream), styles.draw(stream)
        problem = make_in_split(family, stream, depth, template, split)
        if dials.casts is not None:
            problem = _cast(problem, dials.casts, split)
        trace = write_trace(problem, style, stream, dials.corrupted_steps)
        is_wrong = stream.random() < dials.wrong_answers
        document = Document(
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
        return document if changed is None else changed(document, stream)

    return write


def _cast(problem: Problem, casts: int, split: Split) -> Problem:
    """The problem in the first cast, from one that its structure names on, that leaves it in its split.

    Where a structure is a whole prompt, other names are another structure; where no cast will do, it stays as it is
    drawn (with one cast in one problem of five at the shallowest depths, which the read-back shows).
    """
    first = int(hash_of(problem.structure), 16) // 10
    for i in range(casts):
        renamed = recast(problem, (first + i) % casts)
        if split_of(renamed.structure) == split:
            return renamed
    return problem


def _changer(dials: Reasoning, source: str, split: Split) -> Callable[[Document, Random], Document] | None:
    """What is done to a document when all else of it is drawn, so that these dials move nothing else; None: nothing."""
    distractors = _Weighted(dials.distractors)
    if distractors.values == [0] and dials.think_share == 1 and not dials.instruct_share:
        return None

    def changed(document: Document, stream: Random) -> Document:
        count, is_open = distractors.draw(stream), stream.random() >= dials.think_share
        if stream.random() < dials.instruct_share:
            return _asked(instruct_in_split(stream, split), document.id, source)
        if count:
            document = replace(document, prompt=distracted(document.prompt, count, stream))
        if is_open and document.reasoning:
            answer = f"{document.reasoning}{SEPARATOR}{document.answer}"
            document = replace(document, reasoning="", answer=answer)
        return document

    return changed
