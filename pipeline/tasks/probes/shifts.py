"""Documents and problems of the letter tasks. Document i and problem i have random streams of their own.

The split is by a hash of the whole question, so that no asked element is a trained one of the same composition.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.core.seeds import rng
from pipeline.tasks.probes.alchemy import Composition, Element, write_answer, write_chain, write_prompt
from pipeline.tasks.probes.config import Alchemy, AlchemySuite, Noise
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.world.lexicon import KINDS, LETTERS
from pipeline.tasks.world.split import Split, hash_of, split_of

Regime = Literal["id", "composition", "partial", "outside", "steps", "length", "format"]
TASK = "alchemy"
_TRIES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedProblem(TaskProblem):
    """A letter task with its regime, and the chain of thought that leads to its answer."""

    regime: Regime
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    regime: Regime
    composition: Composition
    length: int
    noise: Noise | None = None

    @property
    def name(self) -> str:
        noise = f"-{self.noise.mode}{self.noise.rate:g}" if self.noise else ""
        return f"{'-'.join(self.composition)}-{self.length}{noise}"


def alchemy_documents(dials: Alchemy, *, study_key: str, stream: str, split: Split, count: int) -> Iterator[Document]:
    """The first `count` documents of a stream, each with its chain of thought."""
    for i in range(count):
        random = rng(study_key, TASK, stream, split, i)
        composition = dials.compositions[random.randrange(len(dials.compositions))]
        element = _element(random, composition, dials.lengths[random.randrange(len(dials.lengths))], split)
        prompt = write_prompt(composition, element)
        yield Document(
            id=f"{stream}-{split}-{i}",
            source=stream,
            prompt=prompt,
            reasoning=write_chain(composition, element),
            answer=write_answer(composition, element),
            domain=TASK,
            family=TASK,
            template=" ".join(composition),
            structure=hash_of(prompt),
            style="verbose",
            depth=len(composition),
            num_steps=len(composition),
        )


def shifted_problems(name: str, split: Split, suite: AlchemySuite, study_key: str) -> Iterator[ShiftedProblem]:
    """`problems` of each cell; no question comes twice. Raises UserError where a cell is out of elements."""
    for cell in _cells(suite):
        asked: set[str] = set()
        for i in range(suite.problems):
            random = rng(study_key, TASK, name, split, cell.name, i)
            problem = next((p for _ in range(_TRIES) if (p := _problem(random, cell, split)).prompt not in asked), None)
            if problem is None:
                wanted = f"{suite.problems} letter tasks of {cell.name}"
                raise UserError(f"suite {name!r} asks {wanted}, but there are only {i} or so; ask fewer")
            asked.add(problem.prompt)
            yield problem


def regime_of(composition: Composition, trained: Collection[Composition]) -> Regime:
    """Where a composition lies against the trained ones (arXiv 2508.01191, section 5)."""
    if composition in trained:
        return "id"
    seen = {part for each in trained for part in each}
    if not set(composition) & seen:
        return "outside"
    if not set(composition) <= seen:
        return "partial"
    return "composition" if len(composition) in {len(each) for each in trained} else "steps"


def _cells(suite: AlchemySuite) -> Iterator[_Cell]:
    """One axis is shifted at a time."""
    for composition in dict.fromkeys((*suite.trained, *suite.compositions)):
        regime = regime_of(composition, suite.trained)
        yield _Cell(regime=regime, composition=composition, length=suite.trained_length)
    for composition in suite.trained:
        for length in suite.lengths:
            yield _Cell(regime="length", composition=composition, length=length)
        for noise in suite.noise:
            yield _Cell(regime="format", composition=composition, length=suite.trained_length, noise=noise)


def _problem(random: Random, cell: _Cell, split: Split) -> ShiftedProblem:
    element = _element(random, cell.composition, cell.length, split)
    clean = write_prompt(cell.composition, element)
    prompt = clean if cell.noise is None else _spoilt(clean, cell.noise, random)
    return ShiftedProblem(
        id=f"{TASK}-{cell.name}-{hash_of(prompt)[:12]}",
        task=TASK,
        domain=TASK,
        depth=len(cell.composition),
        template=cell.name,
        structure=hash_of(clean),
        held_out=False,
        prompt=prompt,
        answer=write_answer(cell.composition, element),
        choices=(),
        is_text=True,
        regime=cell.regime,
        chain=write_chain(cell.composition, element),
    )


def _element(random: Random, composition: Composition, length: int, split: Split) -> Element:
    """An element whose question is of the split: drawn until one is."""
    while True:
        element = tuple(LETTERS[int(random.random() * len(LETTERS))] for _ in range(length))
        if split_of(write_prompt(composition, element)) == split:
            return element


def _spoilt(prompt: str, noise: Noise, random: Random) -> str:
    """The question under noise, at least one word of it (arXiv 2508.01191, section 7, with `<unk>` for a stranger)."""
    while True:
        words: list[str] = []
        for word in prompt.split():
            if random.random() >= noise.rate:
                words.append(word)
                continue
            stranger = KINDS[int(random.random() * len(KINDS))]
            words += {"insert": [stranger, word], "delete": [], "modify": [stranger]}[noise.mode]
        if words and " ".join(words) != prompt:
            return " ".join(words)
