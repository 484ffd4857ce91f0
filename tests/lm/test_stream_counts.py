"""What the loader counts, against a count by hand; and that no size of budget or corpus makes the stream heavier."""

import tracemalloc
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.shard import Shard
from pipeline.lm.training.stream import Position, TokenStream, count, truncate
from pipeline.lm.training.tally import Tally, check_shares, to_ledger

LENGTHS = {"base": (20, 120), "ldq": (4, 60), "shq": (100, 400)}
DRAWN = np.random.default_rng(3)


def shard_of(lengths, first):
    """Document i's tokens are all `first + i`: whose a token is can be read off the token."""
    tokens = np.repeat(np.arange(len(lengths)) + first, lengths).astype(np.uint32)
    return Shard(tokens, np.cumsum(lengths).astype(np.uint64), np.ones(len(tokens), np.bool_))


SHARDS = {
    name: shard_of(DRAWN.integers(*bounds, 1500), 2000 * index) for index, (name, bounds) in enumerate(LENGTHS.items())
}


def source_of(name, shard, share, budget):
    return PlannedSource(
        corpus=name,
        share=share,
        unit_per_document=shard.num_tokens / shard.num_documents,
        num_documents=shard.num_documents,
        unique_tokens=shard.num_tokens,
        planned=round(share * budget),
        passes=share * budget / shard.num_tokens,
    )


def plan_of(shares, budget=100_000, sequence_length=144, block_rows=64, shards=SHARDS):
    sources = tuple(source_of(name, shards[name], share, budget) for name, share in shares.items())
    return MixPlan(
        budget=budget,
        unit="tokens",
        loss="all",
        sequence_length=sequence_length,
        block_rows=block_rows,
        stream_key="t/seed0",
        sources=sources,
    )


SHARES = {"base": 0.6, "ldq": 0.3, "shq": 0.1}


def read_to_the_end(plan, rows=8):
    """The very batches that a run would train on."""
    left = plan.budget
    for batch in TokenStream(plan, SHARDS).batches(rows):
        kept = truncate(batch, left, plan.unit)
        yield kept
        left -= kept.num_tokens
        if not left:
            return


def counted_by_hand(batches):
    """Tokens, documents and padding by source, from token ids and row layout alone."""
    tokens, documents, padding = (dict.fromkeys(SHARES, 0) for _ in range(3))
    names = list(SHARES)
    for batch in batches:
        for ids, real in zip(batch.input_ids.tolist(), (batch.segments >= 0).tolist(), strict=True):
            held = dict.fromkeys(names, 0)
            for token, is_real in zip(ids, real, strict=True):
                if is_real:
                    held[names[token // 2000]] += 1
            for name, number in held.items():
                tokens[name] += number
                if sum(held.values()):
                    padding[name] += real.count(False) * number / sum(held.values())
        for start in np.argwhere((batch.positions == 0) & (batch.segments >= 0)).tolist():
            name = names[batch.input_ids[start[0], start[1]] // 2000]
            documents[name] += bool(batch.document_starts[start[0], start[1]])
    return tokens, documents, padding


def test_an_independent_count_over_the_token_stream_says_what_the_loader_says():
    plan = plan_of(SHARES)
    batches = list(read_to_the_end(plan))
    tally = Tally.empty(3)
    for batch in batches:
        tally.add(batch)
    tokens, documents, padding = counted_by_hand(batches)
    uses = to_ledger(tally, plan, 1.0).sources
    assert {name: use.tokens for name, use in uses.items()} == tokens
    assert {name: use.documents for name, use in uses.items()} == documents
    assert sum(tokens.values()) == plan.budget
    for name, use in uses.items():
        assert use.asked_share == SHARES[name]
        assert use.obtained_share == tokens[name] / plan.budget
        assert abs(use.obtained_share - use.asked_share) < min(use.tolerance, 0.02)
        assert use.padding_tokens == pytest.approx(padding[name], abs=len(batches) * 8)  # whole tokens, row by row
    # the rows that the budget's end left empty are nobody's padding
    empty = sum(int((batch.segments < 0).all(axis=1).sum()) * 144 for batch in batches)
    assert sum(use.padding_tokens for use in uses.values()) == tally.padding_tokens - empty


def test_what_lies_beyond_a_documents_first_row_is_counted_as_cropped():
    plan = plan_of(SHARES)
    tally = Tally.empty(3)
    for batch in islice(TokenStream(plan, SHARDS).batches(8), 200):
        tally.add(batch)
    base, ldq, shq = tally.cropped.tolist()
    assert (base, ldq) == (0, 0)  # none of their documents is longer than a row
    lengths = np.diff(SHARDS["shq"].ends.astype(int), prepend=0)
    assert shq / tally.tokens[2] == pytest.approx(np.maximum(lengths - 144, 0).sum() / lengths.sum(), abs=0.05)


def test_a_document_that_fits_a_row_is_never_cut():
    lengths = np.diff(SHARDS["ldq"].ends.astype(int), prepend=0)
    for batch in islice(TokenStream(plan_of({"ldq": 1.0}), SHARDS).batches(8), 60):
        for row in range(len(batch.input_ids)):
            for segment in range(batch.segments[row].max() + 1):
                here = batch.segments[row] == segment
                assert here.sum() == lengths[batch.input_ids[row, here][0] - 2000]


@pytest.mark.parametrize("shares", [{"base": 0.5, "ldq": 0.5}, {"base": 0.8, "ldq": 0.2}, {"base": 0.95, "ldq": 0.05}])
def test_interleaving_is_even_from_the_first_thousand_tokens_on(shares):
    """No share is farther off than half a row of the tokens read so far, and two points for drawn lengths."""
    plan, asked = plan_of(shares, block_rows=256), np.array(list(shares.values()))
    for key in range(4):
        seen = np.zeros(2)
        for batch in islice(TokenStream(replace(plan, stream_key=f"t/seed{key}"), SHARDS).batches(1), 600):
            seen += count(batch, 2).tokens
            if seen.sum() >= 1000:
                off = np.abs(seen / seen.sum() - asked).max()
                assert off <= 0.5 * 144 / seen.sum() + 0.02
        assert off < 0.02


def test_a_run_whose_shares_are_not_the_asked_ones_fails():
    plan, tally = plan_of({"base": 0.5, "ldq": 0.5}), Tally.empty(2)
    tally.tokens[:] = 60_000, 40_000
    with pytest.raises(UserError, match=r"base was to give 50\.0% of the tokens and gave 60\.0%"):
        check_shares(tally, plan)
    tally.tokens[:] = 50_400, 49_600
    check_shares(tally, plan)


class Endless:
    """The index and the tokens of a corpus of any size, all documents of one length, as an array would answer."""

    def __init__(self, size, length):
        self.size, self.length = size, length

    def __len__(self):
        return self.size


class Ends(Endless):
    def __getitem__(self, documents):
        return (np.asarray(documents) + 1).astype(np.uint64) * np.uint64(self.length)


class Tokens(Endless):
    def __getitem__(self, indices):
        return (indices // self.length % 50_000).astype(np.uint32)


def test_a_budget_of_a_trillion_tokens_takes_no_more_memory_than_its_blocks():
    sizes = {"web": (8_000_000_000, 700), "math": (200_000_000, 700), "traces": (1_200_000, 10_000)}
    shards = {name: Shard(Tokens(n * size, size), Ends(n, size), Tokens(0, size)) for name, (n, size) in sizes.items()}
    tracemalloc.start()
    plan = plan_of({"web": 0.7, "math": 0.1, "traces": 0.2}, 10**12, 8192, 256, shards)
    stream = TokenStream(plan, shards)
    last = Position(10**12 // (256 * 8192), 17)
    batch = next(stream.batches(8, last))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plan.sources[2].passes == pytest.approx(16.67, abs=0.01)
    assert batch.num_tokens > 0.9 * 8 * 8192  # eleven documents of 700 to a row
    assert peak < 200_000_000
