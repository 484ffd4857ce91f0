"""Prompts read before anything is said: in groups of similar length, each distinct prompt once.

A group is as large as one forward handles well; who asks for the next row gets it from the group at hand. So
prompts that are asked more than once share their reading, whenever their rows begin.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import torch
from transformers import Cache, DynamicCache, PreTrainedModel

from pipeline.lm.generation.forward import Forward

_CPU_TOKENS = 2**10  # at once: what one forward makes then stays near the processor
_GPU_TOKENS = 2**14


@dataclass(frozen=True, slots=True)
class Group:
    """Distinct prompts, padded on the left and read."""

    cache: Cache
    logits: torch.Tensor  # (rows, V) after the last token
    lengths: torch.Tensor  # int64 (rows,), padding not counted


@dataclass(slots=True)
class Reader:
    """Prompts in the order in which they are to begin, shortest first and equal ones side by side."""

    model: PreTrainedModel
    forward: Forward
    prompts: Sequence[Sequence[int]]
    waiting: deque[int]  # numbers of prompts
    at_once: int | None = None  # rows of a group; where not given, as many as fit `_CPU_TOKENS` or `_GPU_TOKENS`
    group: Group | None = None
    ready: deque[tuple[int, int]] = field(default_factory=deque[tuple[int, int]])  # row of the group, prompt

    @property
    def is_done(self) -> bool:
        """Whether no prompt is left."""
        return not (self.ready or self.waiting)

    @property
    def longest(self) -> int:
        """Columns that prompts to come may need, padding of their group included."""
        if self.waiting:
            return len(self.prompts[self.waiting[-1]])
        return 0 if self.group is None or not self.ready else int(self.group.lengths.max())

    def take(self, count: int) -> tuple[Group, list[int], list[int]]:
        """At most `count` prompts of one group: the group, their rows in it, their numbers."""
        if not self.ready:
            self._read()
        assert self.group is not None
        taken = [self.ready.popleft() for _ in range(min(count, len(self.ready)))]
        return self.group, [row for row, _ in taken], [prompt for _, prompt in taken]

    def _read(self) -> None:
        distinct: dict[tuple[int, ...], int] = {}
        while self.waiting:
            prompt = tuple(self.prompts[self.waiting[0]])
            if self._is_full(prompt, distinct):
                break
            row = distinct.setdefault(prompt, len(distinct))
            self.ready.append((row, self.waiting.popleft()))
        self.group = _read(self.model, self.forward, list(distinct))

    def _is_full(self, prompt: tuple[int, ...], distinct: Collection[tuple[int, ...]]) -> bool:
        """Whether this one, the longest so far, is for the next group; a first one never is."""
        if self.at_once is not None:
            return len(self.ready) >= self.at_once
        tokens = _CPU_TOKENS if self.model.device.type == "cpu" else _GPU_TOKENS
        return bool(distinct) and prompt not in distinct and (len(distinct) + 1) * len(prompt) > tokens


def _read(model: PreTrainedModel, forward: Forward, prompts: Sequence[Sequence[int]]) -> Group:
    ids, mask = _pad_left(prompts, model.device)
    cache = DynamicCache(config=model.config)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    logits = forward(ids, None if bool(mask.all()) else mask, positions, cache)  # without a mask it is quicker
    return Group(cache, logits, mask.sum(-1))


def _pad_left(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (int64) and mask (bool), both (len(prompts), longest); what is masked has id 0."""
    longest = max(map(len, prompts))
    ids = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[False] * (longest - len(prompt)) + [True] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
