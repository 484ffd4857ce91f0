"""Repetition-matched subsets: a part of a corpus, so small that it is read as often as at the target scale."""

from collections import Counter

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard
from pipeline.lm.training.stream import TokenStream
from pipeline.mix.config import Mixing, MixTable
from pipeline.mix.plan import make_plan


def shard_of(lengths):
    """Document i's tokens are all i; loss on each document's second half."""
    within = np.concatenate([np.arange(length) for length in lengths])
    tokens = np.repeat(np.arange(len(lengths)), lengths).astype(np.uint16)
    return Shard(tokens, np.cumsum(lengths).astype(np.uint64), within >= np.repeat(np.array(lengths) // 2, lengths))


LENGTHS = np.random.default_rng(1).integers(4, 30, 2000).tolist()
SHARDS = {"base": shard_of(LENGTHS), "shq": shard_of(LENGTHS[:500])}


def mixing(budget=20_000, **settings):
    defaults = {
        "weights": {"base": 3, "shq": 1},
        "unit": "tokens",
        "loss": "all",
        "max_repetitions": {"base": 4, "shq": 16},
        "sequence_length": 64,
        "block_rows": 16,
        "stream_key": "t/trunk",
        "subset_key": "t/seed0",
    }
    return Mixing.model_validate({**defaults, "budget": budget, **settings})


def documents_of(plan, corpus, num_blocks=40):
    """How often each document comes in the first blocks."""
    stream, index = TokenStream(plan, SHARDS), [source.corpus for source in plan.sources].index(corpus)
    seen = Counter()
    for block in (stream._build(number) for number in range(num_blocks)):
        seen.update(block.input_ids[block.document_starts & (block.sources == index)].tolist())
    return seen


@pytest.mark.parametrize(("unit", "loss"), [("tokens", "all"), ("loss_tokens", "all"), ("loss_tokens", "answers")])
def test_a_part_is_read_as_often_as_asked(unit, loss):
    plan = make_plan(mixing(unit=unit, loss=loss, passes={"shq": 6.7}), SHARDS)
    whole, part = plan.sources
    assert whole.subset is None
    assert part.passes == pytest.approx(6.7, rel=0.05)  # the last document of the part may be one too many
    assert part.subset is not None
    assert (part.subset.num_documents, part.subset.unique_tokens) == (500, SHARDS["shq"].num_tokens)
    assert part.num_documents < 200


def test_the_stream_reads_the_part_alone_and_each_of_its_documents_once_a_pass():
    plan = make_plan(mixing(passes={"shq": 6.7}), SHARDS)
    seen = documents_of(plan, "shq")
    assert len(seen) == plan.sources[1].num_documents
    assert max(seen.values()) - min(seen.values()) <= 1
    lengths = np.array(LENGTHS)[list(seen)]
    assert lengths.sum() == plan.sources[1].unique_tokens


def test_a_part_is_the_same_in_every_phase_and_lies_in_every_larger_part():
    phases = [make_plan(mixing(passes={"shq": 6}, stream_key=key), SHARDS) for key in ("t/trunk", "t/branch")]
    small, same = (set(documents_of(plan, "shq", 60)) for plan in phases)
    large = set(documents_of(make_plan(mixing(passes={"shq": 3}), SHARDS), "shq", 120))
    other = set(documents_of(make_plan(mixing(passes={"shq": 6}, subset_key="t/seed1"), SHARDS), "shq", 60))
    assert small == same
    assert small < large
    assert small != other


def test_a_target_budget_gives_the_passes_that_it_would_need():
    shq = make_plan(mixing(40_000), SHARDS).sources[1]
    base, part = make_plan(mixing(20_000, target_budgets={"shq": "40k"}), SHARDS).sources
    assert part.passes == pytest.approx(shq.passes, rel=0.02)
    assert base.subset is None


def test_a_corpus_too_small_for_so_few_passes_is_refused_with_both_numbers():
    held = SHARDS["shq"].num_tokens
    with pytest.raises(UserError, match=rf"read 0.5 times would need 10000 tokens, and it holds {held}; ask for"):
        make_plan(mixing(passes={"shq": 0.5}), SHARDS)
    with pytest.raises(UserError, match=r"would be read 2\d\.\d\d times, max_repetitions is 16"):
        make_plan(mixing(passes={"shq": 25}), SHARDS)


def test_a_plan_with_a_part_survives_its_file(tmp_path):
    plan = make_plan(mixing(passes={"shq": 6.7}), SHARDS)
    plan.save(tmp_path / "plan.json")
    assert MixPlan.load(tmp_path / "plan.json") == plan
    assert "subset" not in make_plan(mixing(), SHARDS).to_json()["sources"][1]


def test_what_a_table_may_say():
    with pytest.raises(ValidationError, match="passes names 'x', which has no weight"):
        MixTable(weights={"a": 1.0}, passes={"x": 2.0})
    with pytest.raises(ValidationError, match="passes of 'a' are 0"):
        MixTable(weights={"a": 1.0}, passes={"a": 0.0})
    with pytest.raises(ValidationError, match="max_repetitions is 0"):
        MixTable(weights={"a": 1.0}, max_repetitions=0)
    with pytest.raises(ValidationError, match="mix weight of 'a' is -1"):
        MixTable(weights={"a": -1.0})
