"""A batch of packed rows: what a training step sees, how it is counted, how a budget cuts it.

B = rows, T = tokens a row, C = sources of the plan. A segment is a document, or a piece of one that is longer
than a row; attention and positions never cross segments.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pipeline.core.plan import Unit


class Position(NamedTuple):
    """Where a token stream stands: row `row` of block `block` is read next."""

    block: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of packed segments; padding has segment -1, source -1, no loss, token 0."""

    input_ids: np.ndarray  # int64 (B, T)
    loss_mask: np.ndarray  # bool (B, T): the token AT this position is a target
    segments: np.ndarray  # int32 (B, T): number of the segment within its row; -1: padding
    positions: np.ndarray  # int64 (B, T): position within the segment
    sources: np.ndarray  # int8 (B, T): index into the plan's sources; -1: padding
    document_starts: np.ndarray  # bool (B, T): a document's first token (a later piece of one has none)
    next_position: Position  # where the stream goes on after this batch

    @property
    def num_tokens(self) -> int:
        """Tokens that are no padding."""
        return int((self.segments >= 0).sum())

    @property
    def num_loss_tokens(self) -> int:
        """Tokens whose prediction carries loss."""
        return int(self.loss_mask.sum())


class Counts(NamedTuple):
    """What each source gave to a batch, each int64 (C,)."""

    tokens: np.ndarray
    loss_tokens: np.ndarray
    documents: np.ndarray
    padding: np.ndarray  # a row's padding, shared among its sources by their tokens in it
    cropped: np.ndarray  # tokens seen without the beginning of their document: it is longer than a row


def count(batch: Batch, num_sources: int) -> Counts:
    """Count per source what a model sees in this batch, padding left out; and what packing cost it."""
    bins = batch.sources.ravel().astype(np.int64) + 1  # padding falls into bin 0
    size = num_sources + 1
    tokens = np.bincount(bins, minlength=size)[1:]
    loss_tokens = np.bincount(bins[batch.loss_mask.ravel()], minlength=size)[1:]
    documents = np.bincount(bins[batch.document_starts.ravel()], minlength=size)[1:]
    cropped = np.bincount(bins[_lies_in_later_piece(batch)], minlength=size)[1:]
    return Counts(tokens, loss_tokens, documents, _padding(bins.reshape(batch.sources.shape), size), cropped)


def _padding(bins: np.ndarray, size: int) -> np.ndarray:
    """Padding of each row by source, in whole tokens. bins: int64 (B, T), 0 for padding. Returns int64 (C,).

    A row without any source (beyond the budget's end) is nobody's.
    """
    rows = np.arange(len(bins))[:, None] * size
    held = np.bincount((rows + bins).ravel(), minlength=len(bins) * size).reshape(len(bins), size)
    upto = np.cumsum(held[:, 1:], axis=1)
    charged = held[:, :1] * upto // np.maximum(upto[:, -1:], 1)  # running, so that a row's parts sum to its padding
    return np.diff(charged, axis=1, prepend=0).sum(axis=0)


def _lies_in_later_piece(batch: Batch) -> np.ndarray:
    """Bool (B * T,): tokens of a segment that does not open its document."""
    positions = batch.positions.ravel()
    opens = batch.document_starts.ravel()[np.arange(len(positions)) - positions]
    return (batch.segments.ravel() >= 0) & ~opens


def truncate(batch: Batch, budget_left: int, unit: Unit) -> Batch:
    """Turn into padding what lies beyond a budget, rows read in order; the shape stays.

    The last token kept is the one that meets the budget, so that the budget is met exactly.
    """
    counted = batch.loss_mask if unit == "loss_tokens" else batch.segments >= 0
    used_before = np.cumsum(counted).reshape(counted.shape) - counted
    kept = used_before < budget_left
    return replace(
        batch,
        input_ids=np.where(kept, batch.input_ids, 0),
        loss_mask=batch.loss_mask & kept,
        segments=np.where(kept, batch.segments, np.int32(-1)),
        positions=np.where(kept, batch.positions, 0),
        sources=np.where(kept, batch.sources, np.int8(-1)),
        document_starts=batch.document_starts & kept,
    )
