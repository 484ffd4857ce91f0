from collections import Counter
from hashlib import blake2b
from itertools import islice

import numpy as np
import pytest

from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.shard import Shard
from pipeline.lm.training.stream import Batch, Position, TokenStream, count, truncate


def shard_of(lengths, first=0, answer_from=0):
    """Document i's tokens are all `first + i`; loss from token `answer_from` of each document on."""
    lengths = np.array(lengths)
    tokens = np.repeat(np.arange(len(lengths)) + first, lengths).astype(np.uint16)
    within = np.concatenate([np.arange(length) for length in lengths])
    return Shard(tokens, np.cumsum(lengths).astype(np.uint64), within >= answer_from)


def plan_of(shards, shares, *, unit="tokens", loss="all", sequence_length=16, block_rows=4, key="t/seed0"):
    sources = []
    for (name, shard), share in zip(shards.items(), shares, strict=True):
        carries = shard.loss if loss == "answers" else np.ones(shard.num_tokens, bool)
        targets = int(carries.sum()) - int(carries[shard.starts.astype(int)].sum())
        units = shard.num_tokens if unit == "tokens" else targets
        sources.append(
            PlannedSource(
                corpus=name,
                share=share,
                unit_per_document=units / shard.num_documents,
                num_documents=shard.num_documents,
                unique_tokens=shard.num_tokens,
                planned=0,
                passes=0.0,
            )
        )
    return MixPlan(
        budget=1,
        unit=unit,
        loss=loss,
        sequence_length=sequence_length,
        block_rows=block_rows,
        stream_key=key,
        sources=tuple(sources),
    )


def stream_of(shards, shares, **settings):
    return TokenStream(plan_of(shards, shares, **settings), shards)


def blocks(stream, first, last):
    return [stream._build(block) for block in range(first, last)]


def documents_in(block):
    return Counter(block.input_ids[block.document_starts].tolist())


WORLD = np.random.default_rng(0)
WORLD_SHARDS = {
    "base": shard_of(WORLD.integers(20, 120, 3000), 0, 0),
    "ldq": shard_of(WORLD.integers(20, 120, 3000), 3000, 12),
}


def test_every_document_comes_exactly_once_a_pass():
    shards = {"a": shard_of([4] * 10)}  # 4 rows of 16 tokens: 16 documents a block
    stream = stream_of(shards, [1.0])
    five_blocks = blocks(stream, 0, 5)  # 80 documents: 8 passes
    assert [documents_in(block).total() for block in five_blocks] == [16] * 5
    assert sum((documents_in(block) for block in five_blocks), Counter()) == dict.fromkeys(range(10), 8)


def test_passes_are_shuffled_anew():
    shards = {"a": shard_of([16] * 8)}  # a document a row; 4 a block; 2 blocks a pass
    stream = stream_of(shards, [1.0])
    orders = [[int(i) for block in blocks(stream, 2 * p, 2 * p + 2) for i in block.input_ids[:, 0]] for p in range(4)]
    assert [sorted(order) for order in orders] == [list(range(8))] * 4
    assert len({tuple(order) for order in orders}) == 4


def test_counts_are_exact_per_block():
    shards = {"a": shard_of([4] * 50), "b": shard_of([8] * 50, 50)}
    stream = stream_of(shards, [0.25, 0.75])  # of 64 tokens: 16 of a (4 documents), 48 of b (6 documents)
    for block in blocks(stream, 0, 20):
        counts = stream.count(block)
        assert counts.documents.tolist() == [4, 6]
        assert counts.tokens.tolist() == [16, 48]
        assert counts.loss_tokens.tolist() == [12, 42]  # all but each document's first


def test_a_source_may_give_less_than_a_document_a_block():
    shards = {"a": shard_of([4] * 50), "b": shard_of([8] * 50, 50)}
    stream = stream_of(shards, [0.96875, 0.03125])  # 2 tokens of 64 a block: every fourth block has one of b
    assert [int(stream.count(block).documents[1]) for block in blocks(stream, 0, 8)] == [0, 0, 0, 1, 0, 0, 0, 1]


def test_loss_token_shares_follow_the_mask():
    shards = {"a": shard_of([8] * 40, 0, 4), "b": shard_of([8] * 40, 40, 6)}  # 4 and 2 targets a document
    stream = stream_of(shards, [0.5, 0.5], unit="loss_tokens", loss="answers", block_rows=6)
    for block in blocks(stream, 0, 10):  # 12 documents a block: 4 of a, 8 of b, 16 targets each
        counts = stream.count(block)
        assert counts.documents.tolist() == [4, 8]
        assert counts.loss_tokens.tolist() == [16, 16]


@pytest.mark.parametrize("loss", ["all", "answers"])
def test_a_segments_first_token_is_never_a_target(loss):
    stream = stream_of(WORLD_SHARDS, [0.5, 0.5], loss=loss, sequence_length=50)
    block = stream._build(3)
    starts = (block.positions == 0) & (block.segments >= 0)
    assert starts.sum() > block.document_starts.sum()  # some documents are longer than a row
    assert not (block.loss_mask & starts).any()
    assert not (block.loss_mask & (block.segments < 0)).any()
    if loss == "all":
        assert (block.loss_mask | starts | (block.segments < 0)).all()


def test_answers_rule_takes_the_shards_mask():
    shards = {"a": shard_of([6] * 9, 0, 4)}
    block = stream_of(shards, [1.0], loss="answers")._build(0)
    assert (block.loss_mask == ((block.positions >= 4) & (block.segments >= 0))).all()


def test_no_segment_mixes_documents_and_nothing_is_lost_or_doubled():
    stream = stream_of(WORLD_SHARDS, [0.5, 0.5], sequence_length=50, block_rows=16)
    for block in blocks(stream, 0, 5):
        tokens = Counter()
        for row in range(len(block.input_ids)):
            for segment in range(block.segments[row].max() + 1):
                here = block.segments[row] == segment
                (document,) = set(block.input_ids[row, here].tolist())
                assert block.positions[row, here].tolist() == list(range(here.sum()))
                assert set(block.sources[row, here].tolist()) == {int(document >= 3000)}
                tokens[document] += int(here.sum())
        for document, found in tokens.items():
            shard = WORLD_SHARDS["base" if document < 3000 else "ldq"]
            assert found == len(shard.document(document % 3000)[0])
        assert (block.input_ids[block.segments < 0] == 0).all()
        assert (block.sources[block.segments < 0] == -1).all()


def test_long_documents_are_pieced_and_counted_once():
    shards = {"a": shard_of([40] * 6)}  # rows of 16: pieces of 16, 16 and 8
    stream = stream_of(shards, [1.0], block_rows=15)
    block = stream._build(0)  # 240 tokens: all six documents
    lengths = sorted(np.bincount(block.segments[row][block.segments[row] >= 0]).tolist() for row in range(15))
    assert lengths == [[8, 8]] * 3 + [[16]] * 12
    counts = stream.count(block)
    assert (counts.documents.tolist(), counts.tokens.tolist(), counts.loss_tokens.tolist()) == ([6], [240], [222])


def test_any_position_is_reached_as_by_reading_on():
    read = list(islice(stream_of(WORLD_SHARDS, [0.7, 0.3], sequence_length=144).batches(3), 40))
    assert read[-1].next_position.block > 10
    for at in (0, 1, 5, 17, 38):
        fresh = stream_of(WORLD_SHARDS, [0.7, 0.3], sequence_length=144)
        again = next(fresh.batches(3, read[at].next_position))
        assert_equal(again, read[at + 1])


def assert_equal(one: Batch, other: Batch):
    for name in ("input_ids", "loss_mask", "segments", "positions", "sources", "document_starts"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.next_position == other.next_position


def test_batches_of_any_size_read_the_same_rows():
    by_5 = np.concatenate([b.input_ids for b in islice(stream_of(WORLD_SHARDS, [0.7, 0.3]).batches(5), 7)])
    by_7 = np.concatenate([b.input_ids for b in islice(stream_of(WORLD_SHARDS, [0.7, 0.3]).batches(7), 5)])
    assert np.array_equal(by_5, by_7)


def test_streams_with_other_keys_differ():
    one, other = (
        stream_of(WORLD_SHARDS, [0.5, 0.5], sequence_length=144, key=key)._build(0) for key in ("t/seed0", "t/seed1")
    )
    assert documents_in(one) != documents_in(other)


def test_shares_hold_within_a_row_all_along():
    for seed in range(20):
        stream = stream_of(WORLD_SHARDS, [0.7, 0.3], sequence_length=144, block_rows=64, key=f"t/seed{seed}")
        for block in blocks(stream, 0, 3):
            of_first = (block.sources == 0).sum(axis=1)
            tokens = (block.segments >= 0).sum(axis=1)
            share = of_first.sum() / tokens.sum()
            assert abs(share - 0.7) < 0.05  # documents are exact, their lengths are drawn: 20 to 119 tokens
            assert np.abs(np.cumsum(of_first) - share * np.cumsum(tokens)).max() < 144


def test_shares_are_exact_over_a_pass():
    shards = {"a": shard_of(WORLD.integers(5, 30, 120)), "b": shard_of(WORLD.integers(5, 30, 80), 120)}
    total = [shard.num_tokens for shard in shards.values()]
    stream = stream_of(
        shards, [tokens / sum(total) for tokens in total], sequence_length=32, block_rows=sum(total) // 64
    )
    seen = sum(stream.count(block).tokens for block in blocks(stream, 0, 40))
    rounds = seen / np.array(total)  # both corpora are read at the same pace, so both shares are exact
    assert abs(rounds[0] - rounds[1]) < 0.02


def test_truncate_meets_a_budget_exactly():
    stream = stream_of(WORLD_SHARDS, [0.5, 0.5], loss="answers", sequence_length=144)
    batch = next(stream.batches(4))
    for budget in (1, 100, 333):
        by_tokens, by_loss = truncate(batch, budget, "tokens"), truncate(batch, budget, "loss_tokens")
        assert by_tokens.num_tokens == budget
        assert by_loss.num_loss_tokens == budget
        assert by_loss.loss_mask.ravel()[np.flatnonzero(by_loss.segments.ravel() >= 0)[-1]]  # ends on a target
        assert by_tokens.input_ids.shape == batch.input_ids.shape
    kept = truncate(batch, 100, "tokens")
    assert np.array_equal(kept.input_ids[kept.segments >= 0], batch.input_ids[batch.segments >= 0][:100])
    assert count(kept, 2).tokens.sum() == 100
    assert_equal(truncate(batch, batch.num_tokens, "tokens"), batch)


def test_a_plan_for_another_shard_is_refused():
    plan = plan_of({"a": shard_of([4] * 10)}, [1.0])
    with pytest.raises(AssertionError, match="another shard"):
        TokenStream(plan, {"a": shard_of([4] * 11)})


def test_the_stream_pads_little():
    stream = stream_of(WORLD_SHARDS, [0.7, 0.3], sequence_length=144, block_rows=64)
    batches = list(islice(stream.batches(8, Position(1, 0)), 200))
    tokens, places = (sum(each) for each in zip(*((b.num_tokens, b.segments.size) for b in batches), strict=True))
    assert 1 - tokens / places < 0.06


def test_the_stream_is_pinned():
    """Another stream is another meaning of every trained checkpoint: raise `lm.config.VERSION`."""
    stream = stream_of({"a": shard_of([5, 9, 20, 3] * 5), "b": shard_of([7] * 9, 20)}, [0.6, 0.4])
    content = b"".join(block.input_ids.tobytes() + block.loss_mask.tobytes() for block in blocks(stream, 0, 4))
    assert blake2b(content, digest_size=6).hexdigest() == "d6f648fb3880"
