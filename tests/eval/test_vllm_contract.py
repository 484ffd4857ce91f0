"""vLLM as the writer of an eval's completions, held to its documented API by a stand-in (`vllm_stand_in`).

Nothing here runs vLLM: it needs a GPU. What is shown is that the API is called as documented, and that what comes
back reaches rows, log-probabilities and provenance as our own generation's does.
"""

import sys

import orjson
import pandas as pd
import pytest
import torch
import vllm_stand_in

from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.eval.config import Eval
from pipeline.eval.evaluate import evaluate
from pipeline.eval.opening import open_examinee
from pipeline.lm.generation import backends
from pipeline.lm.generation.by_vllm import Vllm
from pipeline.lm.generation.generate import GREEDY
from pipeline.study.nodes.node import Node
from pipeline.study.run.fit import check_backend

OWN_COLUMNS = ["engine", "seed"]


@pytest.fixture
def heard(monkeypatch):
    """vLLM is there, and so is a GPU with 30 of 100 bytes free."""
    heard = vllm_stand_in.Heard()
    monkeypatch.setattr(vllm_stand_in, "HEARD", heard)
    monkeypatch.setitem(sys.modules, "vllm", vllm_stand_in.as_module())
    monkeypatch.setattr(backends, "what_vllm_lacks", lambda: "")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (30, 100))
    return heard


def rows_of(learnt, out, **changes):
    out.mkdir()
    config = learnt.config.model_copy(update={"samples": 3, "logprob": True, **changes})
    evaluate(config, learnt.folder, {}, study_key=learnt.study_key, data_root=None, out=out, track=Silent())
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


def test_greedy_rows_are_those_of_our_own_generation_and_say_who_wrote_them(learnt, heard, tmp_path):
    own, summary = rows_of(learnt, tmp_path / "own")
    by_vllm, by_vllm_summary = rows_of(learnt, tmp_path / "vllm", engine="vllm")
    assert set(own["engine"]) == {"own"}
    assert set(by_vllm["engine"]) == {"vllm 0.0.stand-in"}
    greedy = [rows[rows["kind"] == "greedy"].drop(columns=OWN_COLUMNS) for rows in (own, by_vllm)]
    exact = ["answer_logprob", "gold_logprob"]
    pd.testing.assert_frame_equal(greedy[0].drop(columns=exact), greedy[1].drop(columns=exact))
    pd.testing.assert_frame_equal(greedy[0][exact], greedy[1][exact], atol=1e-4)
    assert by_vllm_summary["over"]["reasoning"]["accuracy"] == summary["over"]["reasoning"]["accuracy"]


def test_it_is_asked_as_documented(learnt, heard, tmp_path):
    rows, _ = rows_of(learnt, tmp_path / "out", engine="vllm", samples_temperature=0.7)
    (engine,) = heard.engines
    assert engine["model"] == str(learnt.folder / "model")
    assert (engine["dtype"], engine["max_num_seqs"], engine["logprobs_mode"]) == ("float32", 5, "raw_logprobs")
    assert engine["memory"] == pytest.approx(0.8 * 0.3)
    assert len(heard.requests) == len(rows)
    assert {params.max_tokens for params in heard.requests} == {learnt.config.max_new_tokens}
    assert {params.logprobs for params in heard.requests} == {0}
    assert {params.temperature for params in heard.requests} == {0.0, 0.7, 1.0}
    assert all((params.seed is None) == (params.temperature == 0) for params in heard.requests)


def test_every_sample_has_a_seed_of_its_own_that_its_row_holds(learnt, heard, tmp_path):
    rows, _ = rows_of(learnt, tmp_path / "out", engine="vllm")
    again, _ = rows_of(learnt, tmp_path / "again", engine="vllm")
    drawn = rows[rows["seed"].notna()]
    assert len(drawn) == len(set(drawn["seed"])) == len(rows) - 12
    assert {int(seed, 16) for seed in drawn["seed"]} == {params.seed for params in heard.requests} - {None}
    assert rows.equals(again)


def test_completions_of_one_are_not_read_for_the_other(learnt, heard, tmp_path):
    """Parts that a killed eval has left are of who wrote them."""
    from pipeline.eval.parts import Parts

    prompts = [[2, 10, 11, 3]]
    for engine, kept in (("own", 1), ("vllm", 2), ("own", 2)):
        examinee = open_examinee(learnt.folder, 4, parts=Parts.below(tmp_path), engine=engine)
        examinee.say(prompts, 3, GREEDY, int)
        assert len(list((tmp_path / "parts").iterdir())) == kept


def test_a_completion_goes_on_to_its_end_mark_or_to_the_limit(learnt, heard):
    examinee = open_examinee(learnt.folder, 4, engine="vllm")
    prompts = [examinee.encode_prompt(problem.prompt) for problem in learnt.problems]
    told = []
    whole = examinee.complete(prompts, 12, GREEDY, told.append)
    cut = examinee.complete(prompts, 2, GREEDY, told.append)
    assert sum(told) == 2 * len(prompts)
    assert all(said[-1] in examinee.ends for said in whole)
    assert cut == [said[:2] for said in whole]


def test_what_it_cannot_load_is_one_line(learnt, heard, tmp_path):
    with pytest.raises(UserError, match=r"vLLM cannot load .*; or say eval.engine=own"):
        Vllm(tmp_path / "none", dtype="float32", max_rows=1)


@pytest.mark.skipif(not backends.what_vllm_lacks(), reason="vLLM is here")
def test_asked_for_where_it_is_missing_it_is_refused_before_the_checkpoint_is_opened(tmp_path):
    with pytest.raises(UserError, match=r"eval.engine=vllm, but .*; or say eval.engine=own"):
        open_examinee(tmp_path, 1, engine="vllm")


@pytest.mark.skipif(not backends.what_vllm_lacks(), reason="vLLM is here")
def test_a_study_that_asks_for_it_where_it_is_missing_stops_before_anything_is_trained():
    def node(engine):
        literals = {"config": {"engine": engine}}
        return Node(kind="eval", stage="eval", label="a", version="1", literals=literals, parents={}, seed=0, work=1.0)

    check_backend([node("own")])
    with pytest.raises(UserError, match=r"eval.engine=vllm, but .*; or say eval.engine=own"):
        check_backend([node("own"), node("vllm")])


def test_auto_comes_to_what_is_there_and_stands_in_the_literals(learnt, monkeypatch):
    for lacks, engine in (("no GPU", "own"), ("", "vllm")):
        monkeypatch.setattr(backends, "what_vllm_lacks", lambda lacks=lacks: lacks)
        config = Eval.model_validate({**learnt.config.literals(), "engine": "auto"})
        assert config.literals()["engine"] == engine


def test_a_temperature_that_vllm_refuses_is_refused_with_the_config(learnt):
    raw = {**learnt.config.literals(), "samples_temperature": 2.5}
    assert Eval.model_validate(raw).samples_temperature == 2.5
    with pytest.raises(ValueError, match=r"temperatures up to 2, not at 2.5; lower it"):
        Eval.model_validate({**raw, "engine": "vllm"})


def test_seeds_fit_a_torch_generator():
    from pipeline.lm.generation.by_vllm import _seed

    seeds = [_seed(("study", number)) for number in range(1000)]
    assert len(set(seeds)) == 1000
    assert max(seeds) < 2**63
    torch.Generator().manual_seed(max(seeds))
