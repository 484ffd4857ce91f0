"""What of the letters a corpus shows, and how far from it a suite asks."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.tasks.probes.alchemy import Composition

VERSION = 1  # raised by whatever changes a document or a problem for the same dials and key
MAX_LENGTH = 8  # letters of an element

NoiseMode = Literal["insert", "delete", "modify"]


class Alchemy(Config):
    """Documents of the letter tasks: which compositions of transformations, on elements of which lengths."""

    num_documents: Count
    compositions: tuple[Composition, ...] = Field(min_length=1)
    """Drawn with equal weight; each in the order in which its transformations are applied."""
    lengths: tuple[int, ...] = (4,)
    """Letters of an element, drawn with equal weight."""

    @model_validator(mode="after")
    def _exists(self) -> Self:
        _check(self.compositions, self.lengths)
        return self


class Noise(Config):
    """Words of the question that are spoilt, one by one, by a word that no letter task holds."""

    mode: NoiseMode
    rate: float = Field(gt=0, le=1)
    """Probability of each word: a stranger put before it, itself left out, or replaced by a stranger."""


class AlchemySuite(Config):
    """The letter tasks as they were trained, and shifted along one axis at a time: task, length, format.

    Metric: exact match of the answer, of the chain, and of both; normalised edit distance; the faithfulness gap, the
    share of right answers behind a wrong chain. Regimes of the task axis are the paper's: `id`, `composition` (all
    parts trained, not together), `partial` (one part never trained), `outside` (no part trained); `steps` where their
    number was never trained. Reference: arXiv 2508.01191, sections 4-7.
    """

    trained: tuple[Composition, ...] = Field(min_length=1)
    """What the corpus shows."""
    trained_length: int = 4
    compositions: tuple[Composition, ...] = ()
    """Further ones to ask, at the trained length; their regime follows from `trained`."""
    lengths: tuple[int, ...] = ()
    """Other lengths to ask the trained compositions at."""
    noise: tuple[Noise, ...] = ()
    """Noise to ask the trained compositions under, at the trained length."""
    problems: int = Field(ge=1)
    """For each composition and shift."""

    @model_validator(mode="after")
    def _exists(self) -> Self:
        _check((*self.trained, *self.compositions), (self.trained_length, *self.lengths))
        return self


def _check(compositions: tuple[Composition, ...], lengths: tuple[int, ...]) -> None:
    if len(set(compositions)) < len(compositions):
        raise ValueError("a composition is named twice; name each once")
    for length in lengths:
        if not 2 <= length <= MAX_LENGTH:
            raise ValueError(f"length {length} is out of reach; elements have 2 to {MAX_LENGTH} letters")
    if len(set(lengths)) < len(lengths):
        raise ValueError("a length is named twice; name each once")
    if not all(compositions):
        raise ValueError("a composition is empty; give it at least one of rotate, shift, reverse")
