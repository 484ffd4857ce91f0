"""Whoever completes prompts for eval: our own generation, or something else behind the same three names."""

from collections.abc import Callable, Sequence
from typing import Protocol

from transformers import PreTrainedModel

from pipeline.core.seeds import Key
from pipeline.lm.generation.generate import Said, Settings, complete, seed_of


class Completer(Protocol):
    """Prompts in, completions out."""

    @property
    def name(self) -> str:
        """What rows record; with the version, where it is not ours."""
        ...

    def complete(
        self, prompts: Sequence[Sequence[int]], settings: Settings, advance: Callable[[int], object]
    ) -> list[Said]:
        """One completion a prompt, in order (`generate.complete`). `advance` hears how many were finished."""
        ...

    def seed_of(self, key: Sequence[Key]) -> str:
        """The seed that a sample with this key is drawn with, in hex digits."""
        ...


class Own:
    """Our generation, on the model in memory."""

    name = "own"

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model

    def complete(
        self, prompts: Sequence[Sequence[int]], settings: Settings, advance: Callable[[int], object]
    ) -> list[Said]:
        """See `Completer`."""
        return complete(self.model, prompts, settings, advance)

    def seed_of(self, key: Sequence[Key]) -> str:
        """Of numpy's `SeedSequence`, which draws the sample's numbers."""
        return seed_of(key)
