"""What a run has trained on, counted batch by batch: the ledger, and asked against obtained.

C = sources of the plan. Nothing here reads a clock: equal runs leave equal tallies.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.plan import MixPlan
from pipeline.lm.training.batch import Batch, Counts, Position, count
from pipeline.lm.training.curve import CurveRow
from pipeline.lm.training.spikes import Spike

START = Position()


@dataclass(kw_only=True)
class Tally:
    """Where a run stands."""

    tokens: np.ndarray  # int64 (C,), as the four below: the fields of `batch.Counts`
    loss_tokens: np.ndarray
    documents: np.ndarray
    padding: np.ndarray
    cropped: np.ndarray
    step: int = 0
    padding_tokens: int = 0
    position: Position = START  # where the token stream goes on
    curve: list[CurveRow] = field(default_factory=list[CurveRow])
    spikes: list[Spike] = field(default_factory=list[Spike])

    @classmethod
    def empty(cls, num_sources: int) -> Self:
        """Before the first step."""
        tokens, loss_tokens, documents, padding, cropped = np.zeros((5, num_sources), np.int64)
        return cls(tokens=tokens, loss_tokens=loss_tokens, documents=documents, padding=padding, cropped=cropped)

    def add(self, batch: Batch) -> Counts:
        """Count one step's batch, and return its counts."""
        counts = count(batch, len(self.tokens))
        for name, counted in counts._asdict().items():
            held: np.ndarray = getattr(self, name)
            held += counted
        self.padding_tokens += batch.input_ids.size - int(counts.tokens.sum())
        self.step += 1
        self.position = batch.next_position
        return counts

    @property
    def num_tokens(self) -> int:
        """Tokens read so far, padding not counted."""
        return int(self.tokens.sum())

    def spent(self, plan: MixPlan) -> np.ndarray:
        """How much of the budget each source has had: int64 (C,), in the plan's unit."""
        return self.loss_tokens if plan.unit == "loss_tokens" else self.tokens

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; floats come back with the same bits."""
        arrays = {name: getattr(self, name).tolist() for name in Counts._fields}
        return arrays | {
            "step": self.step,
            "padding_tokens": self.padding_tokens,
            "position": list(self.position),
            "curve": self.curve,
            "spikes": self.spikes,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`."""
        arrays = {name: np.array(data[name], np.int64) for name in Counts._fields}
        return cls(
            **arrays,
            step=data["step"],
            padding_tokens=data["padding_tokens"],
            position=Position(*data["position"]),
            curve=data["curve"],
            spikes=data["spikes"],
        )


def to_ledger(tally: Tally, plan: MixPlan, flops_per_token: float) -> Ledger:
    """The run's ledger. FLOPs are those of every position that was computed, padding included."""
    return Ledger(
        input_tokens=tally.num_tokens,
        loss_tokens=int(tally.loss_tokens.sum()),
        padding_tokens=tally.padding_tokens,
        flops=flops_per_token * (tally.num_tokens + tally.padding_tokens),
        documents=int(tally.documents.sum()),
        loss_spikes=len(tally.spikes),
        sources={source.corpus: _use(tally, plan, index) for index, source in enumerate(plan.sources)},
    )


def _use(tally: Tally, plan: MixPlan, index: int) -> SourceUse:
    """What one source was asked for, and what it gave."""
    source, spent = plan.sources[index], tally.spent(plan)
    tokens = int(tally.tokens[index])
    return SourceUse(
        tokens=tokens,
        loss_tokens=int(tally.loss_tokens[index]),
        documents=int(tally.documents[index]),
        unique_tokens=source.unique_tokens,
        passes=tokens / source.unique_tokens,
        padding_tokens=int(tally.padding[index]),
        cropped_tokens=int(tally.cropped[index]),
        asked_share=source.share,
        obtained_share=int(spent[index]) / max(int(spent.sum()), 1),
        tolerance=plan.tolerance(source),
    )


def check_shares(tally: Tally, plan: MixPlan) -> None:
    """Set what was asked of the mix beside what the model saw.

    Raises UserError where they differ by more than the plan's tolerance.
    """
    spent = tally.spent(plan)
    for source, obtained in zip(plan.sources, (spent / spent.sum()).tolist(), strict=True):
        allowed = plan.tolerance(source)
        if abs(obtained - source.share) > allowed:
            raise UserError(
                f"mix: {source.corpus} was to give {source.share:.1%} of the {plan.unit} and gave {obtained:.1%} "
                f"(more than {allowed:.1%} off); give a larger budget, or cut its documents shorter"
            )
