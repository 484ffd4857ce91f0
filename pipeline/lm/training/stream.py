"""The token stream: a function of (plan, position), whose batches never end.

A block holds a fixed number of documents of each source: block b takes documents floor(b d) .. floor((b+1) d)
of the endless sequence of passes over the source, d being an exact fraction that puts expected tokens (or loss
tokens) at the asked shares. Each pass is a keyed permutation, so that every document comes exactly once a
pass. A block's documents are packed into rows, and its rows ordered by chance such that the shares hold
all along. Any position is reached by building one block; no state is kept but that block.

T = tokens a row, R = rows of a block, P = pieces (see `packing`), C = sources.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from math import floor
from typing import NamedTuple

import numpy as np

from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.seeds import generator, permute
from pipeline.core.shard import Shard
from pipeline.lm.training.batch import Batch, Counts, Position, count, truncate
from pipeline.lm.training.interleave import documents_per_block, even_places, segments_of
from pipeline.lm.training.packing import Packing, cut, pack, ramps

__all__ = ["Batch", "Counts", "Position", "TokenStream", "count", "truncate"]


START = Position()


class _Pieces(NamedTuple):
    """The pieces of a block's documents, each int64 (P,)."""

    sources: np.ndarray
    starts: np.ndarray  # of the piece, in its shard's tokens
    lengths: np.ndarray
    is_first: np.ndarray  # bool: the piece opens its document


class TokenStream:
    """Batches of packed documents at a plan's shares, from any position."""

    def __init__(self, plan: MixPlan, shards: Mapping[str, Shard]) -> None:
        """Open a stream. shards: the training shard of each of the plan's corpora."""
        self.plan = plan
        self._shards = [shards[source.corpus] for source in plan.sources]
        for source, shard in zip(plan.sources, self._shards, strict=True):
            whole = source.subset or source
            found = (shard.num_documents, shard.num_tokens)
            assert found == (whole.num_documents, whole.unique_tokens), f"{source.corpus}: plan is for another shard"
        self._documents_per_block = documents_per_block(plan)
        self._cached: tuple[int, Batch] | None = None

    @property
    def num_sources(self) -> int:
        """How many sources the plan has."""
        return len(self._shards)

    def batches(self, rows: int, start: Position = START) -> Iterator[Batch]:
        """Batches of `rows` rows from a position on, without end; a batch may span blocks."""
        position = start
        while True:
            parts: list[Batch] = []
            missing = rows
            while missing:
                part = self._read(position, missing)
                parts.append(part)
                missing -= len(part.input_ids)
                position = part.next_position
            yield _join(parts)

    def count(self, batch: Batch) -> Counts:
        """Tokens, loss tokens and documents of each of the plan's sources, each int64 (C,)."""
        return count(batch, self.num_sources)

    def _read(self, position: Position, most: int) -> Batch:
        """Up to `most` rows of one block."""
        block = self._block(position.block)
        num_rows = len(block.input_ids)
        end = min(position.row + most, num_rows)
        following = Position(position.block, end) if end < num_rows else Position(position.block + 1, 0)
        arrays = {name: getattr(block, name)[position.row : end] for name in _ARRAYS}
        return Batch(**arrays, next_position=following)

    def _block(self, block: int) -> Batch:
        if self._cached is None or self._cached[0] != block:
            self._cached = (block, self._build(block))
        return self._cached[1]

    def _build(self, block: int) -> Batch:
        pieces = self._pieces(block)
        packing = pack(pieces.lengths, self.plan.sequence_length)
        order = self._row_order(block, pieces, packing)
        packing = packing._replace(rows=order[packing.rows])
        return self._lay_out(block, pieces, packing)

    def _pieces(self, block: int) -> _Pieces:
        """Draw the block's documents, source by source, and cut those longer than a row."""
        drawn = [self._draw(source, block) for source in range(self.num_sources)]
        sources = np.repeat(np.arange(self.num_sources), [len(documents) for documents in drawn])
        spans = [shard.spans(documents) for shard, documents in zip(self._shards, drawn, strict=True)]
        starts = np.concatenate([begin for begin, _ in spans])
        lengths = np.concatenate([end for _, end in spans]) - starts
        pieces = cut(lengths, self.plan.sequence_length)
        piece_starts = starts[pieces.documents] + pieces.offsets
        return _Pieces(sources[pieces.documents], piece_starts, pieces.lengths, pieces.offsets == 0)

    def _draw(self, source: int, block: int) -> np.ndarray:
        """Documents of a source in a block, int64."""
        planned, rate = self.plan.sources[source], self._documents_per_block[source]
        indices = np.arange(floor(block * rate), floor((block + 1) * rate))
        passes = indices // planned.num_documents
        drawn = [self._permute(planned, indices[passes == number], int(number)) for number in np.unique(passes)]
        return np.concatenate([np.zeros(0, np.int64), *drawn])

    def _permute(self, planned: PlannedSource, indices: np.ndarray, number: int) -> np.ndarray:
        """Documents of a pass over a source, in its shard."""
        size = planned.num_documents
        drawn = permute(indices % size, size, "stream", self.plan.stream_key, planned.corpus, number)
        if planned.subset is None:
            return drawn
        return permute(drawn, planned.subset.num_documents, *planned.subset.permutation(planned.corpus))

    def _row_order(self, block: int, pieces: _Pieces, packing: Packing) -> np.ndarray:
        """A place for each row, by chance, such that every stretch of rows is near the block's shares."""
        row_tokens = np.zeros((packing.num_rows, self.num_sources))
        np.add.at(row_tokens, (packing.rows, pieces.sources), pieces.lengths)
        chance = generator("rows", self.plan.stream_key, block).permutation(packing.num_rows)
        return even_places(row_tokens, chance)

    def _lay_out(self, block: int, pieces: _Pieces, packing: Packing) -> Batch:
        """Copy the pieces' tokens to their places."""
        length = self.plan.sequence_length
        within = ramps(pieces.lengths)
        places = np.repeat(packing.rows * length + packing.columns, pieces.lengths) + within
        sources = np.repeat(pieces.sources, pieces.lengths)
        tokens, carries_loss = self._gather(sources, np.repeat(pieces.starts, pieces.lengths) + within)
        is_first = np.repeat(pieces.is_first, pieces.lengths)

        def place(values: np.ndarray, dtype: type, empty: int) -> np.ndarray:
            flat = np.full(packing.num_rows * length, empty, dtype)
            flat[places] = values
            return flat.reshape(packing.num_rows, length)

        return Batch(
            input_ids=place(tokens, np.int64, 0),
            loss_mask=place(carries_loss & (within > 0), np.bool_, 0),
            segments=place(np.repeat(segments_of(packing), pieces.lengths), np.int32, -1),
            positions=place(within, np.int64, 0),
            sources=place(sources, np.int8, -1),
            document_starts=place(is_first & (within == 0), np.bool_, 0),
            next_position=Position(block + 1, 0),
        )

    def _gather(self, sources: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and whether they carry loss under the plan's rule, for tokens named by (source, index)."""
        tokens, carries_loss = np.zeros(len(indices), np.int64), np.ones(len(indices), np.bool_)
        for source, shard in enumerate(self._shards):
            mine = sources == source
            tokens[mine] = shard.tokens[indices[mine]]
            if self.plan.loss == "answers":
                carries_loss[mine] = shard.loss[indices[mine]]
        return tokens, carries_loss


_ARRAYS = tuple(field.name for field in fields(Batch) if field.name != "next_position")


def _join(parts: list[Batch]) -> Batch:
    if len(parts) == 1:
        return parts[0]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Batch(**arrays, next_position=parts[-1].next_position)
