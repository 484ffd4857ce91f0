"""Which documents a batch held: read off the token stream's position when a guard wants to name them, never before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard
from pipeline.lm.training.batch import Position, truncate
from pipeline.lm.training.stream import TokenStream

_MOST_NAMED = 8  # documents of each corpus


@dataclass(frozen=True, slots=True)
class _Numbers:
    """In place of a shard's tokens: at each token, the number of its document."""

    ends: np.ndarray  # uint64 (num_documents,)

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.ends, indices.astype(np.uint64), side="right")


class Culprits:
    """Names the documents of batches."""

    def __init__(self, plan: MixPlan, shards: Mapping[str, Shard], rows: int) -> None:
        """rows: of a batch."""
        self._plan = plan
        self._rows = rows
        # The same stream over other tokens: a batch's "tokens" are then the numbers of the documents in it.
        numbers: dict[str, Any] = {name: _Numbers(shard.ends) for name, shard in shards.items()}
        self._stream = TokenStream(plan, {name: replace(shard, tokens=numbers[name]) for name, shard in shards.items()})

    def documents(self, position: Position, budget_left: int) -> dict[str, list[int]]:
        """The documents of the batch that began there, by corpus: their places in the encoded corpus, from 0."""
        batch = truncate(next(self._stream.batches(self._rows, position)), budget_left, self._plan.unit)
        return {
            source.corpus: np.unique(batch.input_ids[batch.sources == index]).tolist()
            for index, source in enumerate(self._plan.sources)
        }

    def name(self, position: Position, budget_left: int) -> str:
        """The same in words: `base 3, 17, 40; ldq 5, 6 .. (12 in all)`."""
        found = self.documents(position, budget_left)
        return "; ".join(f"{corpus} {_some(numbers)}" for corpus, numbers in found.items() if numbers)


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_NAMED]))
    return shown if len(numbers) <= _MOST_NAMED else f"{shown} .. ({len(numbers)} in all)"
