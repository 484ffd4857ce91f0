"""The ledger: what a stage consumed. Counted where it happens, never estimated afterwards."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUse:
    """What one corpus gave to a run, counted in the loader after packing, cropping and masking."""

    tokens: int = 0
    loss_tokens: int = 0
    documents: int = 0
    unique_tokens: int = 0  # tokens the corpus holds, or the part of it that is used
    passes: float = 0.0  # tokens / unique_tokens
    padding_tokens: int = 0  # of the rows it stands in, by its tokens there
    cropped_tokens: int = 0  # seen without the beginning of their document, which is longer than a row
    asked_share: float = 0.0  # of the plan's unit, as the next
    obtained_share: float = 0.0
    tolerance: float = 0.0  # how far the two may be apart; farther, and the run fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Counts of one stage; seconds are the record's business, so that equal work has equal ledgers."""

    input_tokens: int = 0  # tokens read, padding not counted
    loss_tokens: int = 0  # tokens whose prediction carried loss
    generated_tokens: int = 0
    padding_tokens: int = 0
    flops: float = 0.0
    documents: int = 0
    loss_spikes: int = 0  # batches whose loss leapt out of the recent ones
    sources: dict[str, SourceUse] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`."""
        return TypeAdapter(cls).validate_python(data)

    def plus(self, **counts: float) -> Self:
        """A copy with counts added."""
        return replace(self, **{name: getattr(self, name) + count for name, count in counts.items()})
