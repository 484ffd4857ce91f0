"""Asked against obtained: a count over the ids that a model is given, which shares no code with the loader.

Every token says where it is from: id = 1000 x (number of its document, from 1) + its place in it. So a source's tokens,
its documents, what was cropped, what was padded and which tokens may carry loss are read off the ids alone.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.core.shard import Shard
from pipeline.lm.training.stream import TokenStream, truncate
from pipeline.lm.training.tally import Tally, check_shares, to_ledger
from pipeline.mix.config import Mixing
from pipeline.mix.plan import make_plan

LENGTH = 144
CORPORA = {"web": (700, 20, 130), "traces": (300, 100, 700), "sums": (400, 5, 60), "few": (30, 40, 300)}
WEIGHTS = {"web": 6, "traces": 2, "sums": 1, "few": 1}


def corpora():
    """Shards by name, and for each document its source and where its answer begins."""
    draw = np.random.default_rng(7)
    shards, owners, answers, number = {}, {}, {}, 0
    for name, (count, least, most) in CORPORA.items():
        lengths = draw.integers(least, most, count)
        ids, loss = [], []
        for length in lengths.tolist():
            number += 1
            owners[number], answers[number] = name, length // 3
            ids.append(1000 * number + np.arange(length))
            loss.append(np.arange(length) >= length // 3)
        ends = np.cumsum(lengths).astype(np.uint64)
        shards[name] = Shard(np.concatenate(ids).astype(np.uint32), ends, np.concatenate(loss))
    return SimpleNamespace(shards=shards, owners=owners, answers=answers)


def counted(rows, world, loss):
    """By source: what a reader of the ids sees. rows: (ids, which of them are targets)."""
    seen = {name: Counter() for name in ("tokens", "documents", "cropped", "loss", "padding")}
    for ids, targets in rows:
        held = Counter()
        for at, (token, is_target) in enumerate(zip(ids, targets, strict=True)):
            if not token:
                assert not is_target
                continue
            document, place = divmod(token, 1000)
            source = world.owners[document]
            held[source] += 1
            seen["documents"][source] += place == 0
            seen["cropped"][source] += place >= LENGTH
            carries = place >= world.answers[document] if loss == "answers" else True
            follows = at > 0 and ids[at - 1] == token - 1  # else nothing of its own document stands before it
            assert is_target == (carries and follows)
            seen["loss"][source] += is_target
        seen["tokens"].update(held)
        for source, number in held.items():
            seen["padding"][source] += list(ids).count(0) * number / sum(held.values())
    return seen


@pytest.mark.parametrize(("unit", "loss", "budget"), [("tokens", "all", 90_000), ("loss_tokens", "answers", 50_000)])
def test_the_record_says_what_a_reader_of_the_ids_counts(unit, loss, budget):
    world = corpora()
    config = Mixing(
        weights=WEIGHTS,
        budget=budget,
        unit=unit,
        loss=loss,
        max_repetitions=dict.fromkeys(WEIGHTS, 9),
        sequence_length=LENGTH,
        block_rows=64,
        stream_key="t/seed0",
    )
    plan = make_plan(config, world.shards)
    tally, rows, left = Tally.empty(len(plan.sources)), [], budget
    for whole in TokenStream(plan, world.shards).batches(8):
        batch = truncate(whole, left, unit)
        tally.add(batch)
        rows += zip(batch.input_ids.tolist(), batch.loss_mask.tolist(), strict=True)
        left -= batch.num_tokens if unit == "tokens" else batch.num_loss_tokens
        if not left:
            break
    check_shares(tally, plan)
    uses, seen = to_ledger(tally, plan, 1.0).sources, counted(rows, world, loss)
    obtained = seen["tokens"] if unit == "tokens" else seen["loss"]
    assert sum(obtained.values()) == budget
    for name, weight in WEIGHTS.items():
        use = uses[name]
        told = (use.tokens, use.documents, use.cropped_tokens, use.loss_tokens)
        assert told == tuple(seen[kind][name] for kind in ("tokens", "documents", "cropped", "loss")), name
        assert use.padding_tokens == pytest.approx(seen["padding"][name], abs=len(rows))
        assert use.asked_share == weight / 10
        assert use.obtained_share == obtained[name] / budget
        assert abs(use.obtained_share - use.asked_share) <= use.tolerance
    assert seen["cropped"]["web"] == seen["cropped"]["sums"] == 0 < seen["cropped"]["traces"]
    assert seen["documents"]["few"] > CORPORA["few"][0]  # read more than once
