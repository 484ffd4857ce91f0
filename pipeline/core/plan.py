"""A mix plan: which corpora give how many tokens to one stretch of training. Kilobytes, not tokens.

The token stream is a function of (plan, position): see `lm.stream`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

import orjson
from pydantic import TypeAdapter

Unit = Literal["tokens", "loss_tokens"]
LossRule = Literal["all", "answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSource:
    """One corpus in a plan. Shares are of the plan's unit and sum to 1 over the plan."""

    corpus: str
    share: float
    unit_per_document: float  # mean of the plan's unit over the corpus's documents
    num_documents: int  # unique documents the corpus holds
    unique_tokens: int  # tokens the corpus holds
    planned: int  # of the plan's unit
    passes: float  # planned / what one pass over the corpus gives


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPlan:
    """A budget and its sources; with a seed, the whole token stream follows."""

    budget: int  # of the unit
    unit: Unit  # what the budget and the shares count
    loss: LossRule  # which tokens carry loss: all but a document's first, or answers only
    sequence_length: int  # tokens a row
    block_rows: int  # a block holds about this many rows' worth of documents
    stream_key: str  # names the random stream: study, seed and phase
    sources: tuple[PlannedSource, ...]

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        return TypeAdapter(cls).validate_json(path.read_bytes())
