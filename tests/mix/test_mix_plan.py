import json
from fractions import Fraction
from hashlib import blake2b

import numpy as np
import orjson
import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard
from pipeline.core.track import Silent
from pipeline.mix.config import VERSION, Mixing
from pipeline.mix.holdings import Counting, whole
from pipeline.mix.plan import apportion, make_plan, mix
from pipeline.mix.table import show


def shard_of(lengths, answer_from=0):
    within = np.concatenate([np.arange(length) for length in lengths])
    tokens = np.zeros(sum(lengths), np.uint16)
    return Shard(tokens, np.cumsum(lengths).astype(np.uint64), within >= answer_from)


def mixing(weights, budget=1000, **settings):
    defaults = {"unit": "tokens", "loss": "all", "sequence_length": 8, "stream_key": "t"}
    defaults["max_repetitions"] = dict.fromkeys(weights, 10)
    return Mixing(weights=weights, budget=budget, **(defaults | settings))


def count_targets(shard, rule, sequence_length):
    return whole(shard, Counting(unit="loss_tokens", loss=rule, sequence_length=sequence_length)).num_units


def test_weights_are_normalised_and_counts_sum_to_the_budget():
    shards = {name: shard_of([5] * 40) for name in "abc"}  # 200 tokens each
    plan = make_plan(mixing({"b": 1, "a": 1, "c": 1}), shards)
    assert [source.corpus for source in plan.sources] == ["a", "b", "c"]
    assert [source.planned for source in plan.sources] == [334, 333, 333]
    assert [source.passes for source in plan.sources] == [1.67, 1.665, 1.665]
    assert sum(source.share for source in plan.sources) == pytest.approx(1)
    assert {source.unit_per_document for source in plan.sources} == {5.0}


def test_what_rounding_leaves_goes_to_the_largest_remainders():
    assert apportion(10, {"a": Fraction(1, 6), "b": Fraction(1, 2), "c": Fraction(1, 3)}) == {"a": 2, "b": 5, "c": 3}
    assert apportion(1, {"a": Fraction(1, 2), "b": Fraction(1, 2)}) == {"a": 1, "b": 0}


def test_targets_leave_out_the_first_token_of_each_document_and_piece():
    shard = shard_of([5, 8, 9, 17], answer_from=3)  # in rows of 8: 1, 1, 2 and 3 pieces
    assert count_targets(shard, "all", 8) == 39 - 7
    # 2 + 5 + 6 + 14 tokens of answers, less the openings at 8 (twice) and at 16
    assert count_targets(shard, "answers", 8) == 27 - 3
    assert count_targets(shard, "answers", 100) == 27
    assert count_targets(shard_of([5, 8]), "answers", 100) == 11  # plain text: all but the first


def test_unit_per_document_follows_unit_and_loss_rule():
    shards = {"a": shard_of([4, 8], answer_from=2)}

    def per_document(unit, loss):
        return make_plan(mixing({"a": 1}, 10, unit=unit, loss=loss), shards).sources[0].unit_per_document

    assert per_document("tokens", "answers") == 6
    assert per_document("loss_tokens", "all") == 5
    assert per_document("loss_tokens", "answers") == 4


def test_a_shortfall_names_both_numbers_and_the_smallest_changes():
    shards = {"a": shard_of([5] * 400), "b": shard_of([5] * 10)}  # 2,000 and 50 tokens
    with pytest.raises(UserError) as error:
        make_plan(mixing({"a": 0.5, "b": 0.5}, 1010), shards)
    assert str(error.value) == (
        "corpus 'b' would be read 10.10 times, max_repetitions is 10 (505 tokens planned, 50 held); "
        "set max_repetitions=10.1, or the budget to at most 1000, or make 51 tokens of it"
    )
    make_plan(mixing({"a": 0.5, "b": 0.5}, 1010, max_repetitions={"a": 1, "b": 10.1}), shards)
    make_plan(mixing({"a": 0.5, "b": 0.5}, 1000), shards)
    make_plan(mixing({"a": 0.5, "b": 0.5}, 1010), {**shards, "b": shard_of([51])})


def test_several_shortfalls_are_named_in_one_line_with_the_budget_that_serves_all():
    shards = {"a": shard_of([5] * 10), "b": shard_of([5] * 20), "c": shard_of([5] * 4000)}
    with pytest.raises(UserError) as error:
        make_plan(mixing({"a": 1, "b": 1, "c": 2}, 8000), shards)
    line = str(error.value)
    assert line.startswith("corpus 'a' would be read 40.00 times, max_repetitions is 10 (2000 tokens planned, 50 held)")
    assert "the budget to at most 2000" in line and line.endswith("(and 1 more are short: b)")
    make_plan(mixing({"a": 1, "b": 1, "c": 2}, 2000), shards)


def test_a_corpus_of_very_unequal_documents_may_be_farther_off():
    even, uneven = shard_of([10] * 100), shard_of([1] * 90 + [91] * 10)
    plan = make_plan(mixing({"a": 1, "b": 1}, 1000), {"a": even, "b": uneven})
    assert [source.variation for source in plan.sources] == [1.0, 2.7]
    narrow = make_plan(mixing({"a": 1, "b": 1}, 1000), {"a": even, "b": even})
    assert plan.tolerance(plan.sources[1]) > narrow.tolerance(narrow.sources[1])
    # shares of a half, 50 documents each: 4 x 0.5 x sqrt(2 x (0.5 / sqrt(50))^2), and one row of 8
    assert narrow.tolerance(narrow.sources[0]) == pytest.approx(4 * 0.5 * 0.5 * (2 / 50) ** 0.5 + 8 / 1000)


def test_an_empty_or_unknown_corpus_is_named(tmp_path):
    nothing = Shard(np.zeros(0, np.uint16), np.zeros(0, np.uint64), np.zeros(0, bool))
    with pytest.raises(UserError, match="corpus 'a' holds no tokens"):
        make_plan(mixing({"a": 1}), {"a": nothing})
    with pytest.raises(UserError, match="corpus 'a' holds no loss tokens"):
        make_plan(mixing({"a": 1}, unit="loss_tokens"), {"a": shard_of([1, 1])})
    with pytest.raises(UserError, match="names corpus 'x', which is not there; choose from y"):
        mix(mixing({"x": 1}), {"y": tmp_path}, out=tmp_path, track=Silent())


def test_the_artifact_is_the_plan_and_its_table(tmp_path):
    shard = shard_of([5] * 40)
    shard.tokens.tofile(tmp_path / "train.ds")
    shard.ends.tofile(tmp_path / "train.ds.index")
    shard.loss.tofile(tmp_path / "train.ds.loss")
    mix(mixing({"a": 3}), {"a": tmp_path}, out=tmp_path, track=Silent())
    plan = MixPlan.load(tmp_path / "plan.json")
    assert plan == make_plan(mixing({"a": 3}), {"a": shard})
    assert json.loads((tmp_path / "table.json").read_bytes()) == [
        {
            "corpus": "a",
            "share": 1.0,
            "tokens": 1000,
            "unique_tokens": 200,
            "unique_documents": 40,
            "tokens_per_document": 5.0,
            "passes": 5.0,
        }
    ]
    assert show(plan).splitlines()[1].split() == ["a", "100.0%", "1k", "200", "40", "5.00", "0.80%"]


def test_weights_must_be_positive_and_a_budget_given():
    with pytest.raises(ValidationError, match="weight of 'a' is 0"):
        mixing({"a": 0.0})
    for weight in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="weights are positive"):
            mixing({"a": 1.0, "b": weight})
    with pytest.raises(ValidationError, match="a mix of 128 corpora; 127 at most"):
        mixing({f"c{index}": 1.0 for index in range(128)})
    with pytest.raises(ValidationError, match="budget is 0"):
        mixing({"a": 1}, "0k")
    with pytest.raises(ValidationError, match="no max_repetitions above 0 for 'a'"):
        mixing({"a": 1}, max_repetitions={"b": 4})


def test_output_is_pinned_beside_its_version():
    shards = {"a": shard_of([5, 9, 20], 2), "b": shard_of([7] * 9)}
    plan = make_plan(mixing({"a": 2, "b": 1}, 90, unit="loss_tokens", loss="answers"), shards)
    assert (VERSION, blake2b(orjson.dumps(plan.to_json()), digest_size=6).hexdigest()) == (1, "a25e428c5e65"), (
        "meaning changed: raise VERSION"
    )
