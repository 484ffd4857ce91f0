"""Samples for pass@k: how they are drawn, what their rows say, and that they are off unless asked for."""

import orjson
import pandas as pd
import pytest
from pydantic import ValidationError

from pipeline.core.seeds import keyed_int
from pipeline.core.track import Silent
from pipeline.eval.config import Eval
from pipeline.eval.evaluate import evaluate


def run(learnt, out, **changes):
    out.mkdir()
    config = learnt.config.model_copy(update=changes)
    evaluate(config, learnt.folder, {}, study_key=learnt.study_key, data_root=None, out=out, track=Silent())
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


def test_each_problem_is_sampled_with_seeds_and_temperature_recorded(learnt, tmp_path):
    rows, summary = run(learnt, tmp_path / "out", samples=4, samples_temperature=1.5)
    samples = rows[rows["kind"] == "sample"]
    assert samples["sample"].tolist() == [1, 2, 3, 4] * 12
    assert set(samples["temperature"]) == {1.5}
    assert samples["seed"].nunique() == len(samples)
    first = samples.iloc[0]
    assert int(first["seed"], 16) == keyed_int("sampling", learnt.study_key, "sample", "tiny", first["problem"], 1)
    assert samples.groupby("problem")["completion"].nunique().max() > 1
    sampled = summary["suites"]["tiny"]["sampled"]
    assert (sampled["samples"], sampled["ks"], sampled["temperature"]) == (4, [1, 2, 4], 1.5)
    mean = samples[samples["task"] == "chains"]["correct"].mean()
    assert sampled["by_family"]["chains"]["pass_at_k"]["1"] == pytest.approx(mean)
    assert rows[rows["kind"] == "graded"]["temperature"].eq(1.0).all()
    assert rows[rows["kind"] == "greedy"][["temperature", "seed"]].isna().all(axis=None)


def test_a_subset_may_be_sampled_and_does_not_change_with_the_number_of_samples(learnt, tmp_path):
    few, _ = run(learnt, tmp_path / "few", samples=2, sampled_problems=2)
    more, _ = run(learnt, tmp_path / "more", samples=3, sampled_problems=2)
    few, more = (rows[rows["kind"] == "sample"].set_index(["problem", "sample"])["completion"] for rows in (few, more))
    assert len(few) == 2 * 3 * 2
    assert few.to_dict() == {key: value for key, value in more.to_dict().items() if key[1] <= 2}


def test_without_samples_nothing_is_sampled(learnt, tmp_path):
    rows, summary = run(learnt, tmp_path / "out")
    assert set(rows["kind"]) == {"greedy", "graded"}
    assert "sampled" not in summary["over"]


def test_the_ks_are_powers_of_two_unless_given():
    base = {"suites": (), "max_new_tokens": 1, "graded_problems": 0}
    assert Eval(**base).asked_ks == ()
    assert Eval(**base, samples=100).asked_ks == (1, 2, 4, 8, 16, 32, 64)
    assert Eval(**base, samples=128).asked_ks[-1] == 128
    assert Eval(**base, samples=10, ks=(10, 1, 1)).asked_ks == (1, 10)
    with pytest.raises(ValidationError, match="pass@128 cannot be estimated from samples=100"):
        Eval(**base, samples=100, ks=(128,))


def test_a_completion_that_never_stops_is_cut_and_says_so(learnt, tmp_path):
    rows, summary = run(learnt, tmp_path / "out", max_new_tokens=3)
    chains = rows[(rows["task"] == "chains") & (rows["kind"] == "greedy")]
    assert chains["cut"].all()
    assert chains["error"].eq("no answer with an end mark").all()
    assert not rows[(rows["task"] == "lookup") & (rows["kind"] == "greedy")]["cut"].any()
    assert summary["over"]["reasoning"]["cut"] == 1.0


def test_a_model_that_is_right_for_sure_is_confident_in_its_answer(learnt, tmp_path):
    rows, summary = run(learnt, tmp_path / "out")
    greedy = rows[rows["kind"] == "greedy"]
    assert (greedy["answer_logprob"] <= 0).all()
    assert (greedy["answer_logprob"] > -0.5).all()
    lookup = summary["over"]["lookup"]
    assert lookup["confidence"] > 0.8
    assert lookup["brier"] < 0.1
    assert summary["over"]["held_out"]["brier"] > 0.2  # half of these it has learnt wrongly
