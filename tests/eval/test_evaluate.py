"""The eval stage over a checkpoint that has learnt its suite by heart: what it says is known word by word."""

import shutil
from dataclasses import replace
from math import exp, log

import numpy as np
import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.core.chat import render, render_prompt
from pipeline.core.errors import UserError
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.track import Silent
from pipeline.eval.evaluate import evaluate
from pipeline.eval.opening import open_examinee
from pipeline.eval.summary import summarise
from pipeline.tasks.absent import Absent


class Heard(Silent):
    def __init__(self):
        self.calls = []

    def progress(self, done, total, unit, note=""):
        self.calls.append((done, total, unit))


def write_heldout(learnt, folder):
    """The first three documents as a corpus's held-out shard."""
    examinee = open_examinee(learnt.folder, 1)
    documents = [examinee.encode(render(document).text) for document in learnt.documents[:3]]
    folder.mkdir()
    np.concatenate(documents).astype(np.uint16).tofile(folder / "heldout.ds")
    np.cumsum(list(map(len, documents))).astype(np.uint64).tofile(folder / "heldout.ds.index")
    np.ones(sum(map(len, documents)), bool).tofile(folder / "heldout.ds.loss")
    return folder


def run(learnt, out, heldout=None, track=None, **changes):
    out.mkdir()
    config = learnt.config.model_copy(update=changes)
    ledger = evaluate(
        config,
        learnt.folder,
        heldout or {},
        study_key=learnt.study_key,
        data_root=None,
        out=out,
        track=track or Silent(),
    )
    return ledger, pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


def test_what_the_model_says_is_scored_problem_by_problem(learnt, tmp_path):
    ledger, rows, summary = run(learnt, tmp_path / "out")
    greedy = rows[rows["kind"] == "greedy"]
    assert greedy["problem"].tolist() == [problem.id for problem in learnt.problems]
    assert greedy["completion"].tolist() == [
        render(document).text.removeprefix(render_prompt(document.prompt)) for document in learnt.documents
    ]
    assert greedy["answer"].tolist() == [document.answer for document in learnt.documents]
    assert greedy["correct"].tolist() == [True] * 8 + [True, False] * 2
    assert greedy["well_formed"].all()
    over = summary["over"]
    assert (over["reasoning"]["n"], over["reasoning"]["accuracy"]) == (4, 1.0)
    assert (over["held_out"]["n"], over["held_out"]["accuracy"]) == (4, 0.5)
    assert (over["lookup"]["n"], over["lookup"]["accuracy"]) == (4, 1.0)
    assert over["by_depth"].keys() == {"1", "2"}
    assert over["by_domain"].keys() == {"math"}
    assert over["by_family"].keys() == {"chains", "lookup", "swaps"}
    assert ledger.generated_tokens == rows["generated_tokens"].sum()
    assert ledger.input_tokens > 0


def test_a_chain_is_graded_behind_its_own_thought_and_a_look_up_at_once(learnt, tmp_path):
    _, rows, summary = run(learnt, tmp_path / "out")
    graded = rows[rows["kind"] == "graded"]
    assert graded.groupby("task").size().to_dict() == {"chains": 4, "lookup": 4, "swaps": 4}
    assert graded["sample"].tolist() == [1, 2] * 6
    examinee = open_examinee(learnt.folder, 1)
    prompts = {problem.id: problem.prompt for problem in learnt.problems}
    for row in graded.itertuples():
        thought, closed, _ = row.completion.partition("</think>")
        before = render_prompt(prompts[row.problem]) + (thought + closed if closed else "")
        with torch.no_grad():
            logits = examinee.model(torch.tensor([examinee.encode(before)])).logits[0, -1]
        gold = examinee.encode(row.gold)
        assert row.gold_probability == pytest.approx(float(logits.softmax(-1)[gold[0]]), abs=1e-5)
    means = graded.groupby("task")["gold_probability"].mean()
    assert means["chains"] > 0.9
    assert summary["over"]["by_family"]["chains"]["graded"] == pytest.approx(means["chains"])


def test_a_thought_that_does_not_close_in_time_has_no_answer_and_counts_zero(learnt, tmp_path):
    _, rows, _ = run(learnt, tmp_path / "out", max_new_tokens=3)
    chains = rows[rows["task"] == "chains"]
    assert chains[chains["kind"] == "greedy"]["completion"].tolist() == ["<think>so he"] * 4
    assert not chains["well_formed"].any()
    assert chains["answer"].isna().all()
    assert (chains[chains["kind"] == "graded"]["gold_probability"] == 0).all()


def test_the_same_eval_gives_the_same_bytes(learnt, tmp_path):
    heldout = {"base": write_heldout(learnt, tmp_path / "base")}
    for name in ("first", "second"):
        run(learnt, tmp_path / name, heldout, logprob=True)
    for file in ("rows.parquet", "bits.parquet", "summary.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_the_summary_follows_from_the_rows_alone_and_the_rows_keep_to_the_schema(learnt, tmp_path):
    _, rows, summary = run(learnt, tmp_path / "out")
    assert pq.read_schema(tmp_path / "out" / "rows.parquet").equals(SCORE_SCHEMA)
    again = orjson.loads(orjson.dumps(summarise(rows)))
    assert {**again, "bits_per_byte": {}} == summary


def test_bits_per_byte_leaves_special_tokens_and_the_first_token_out(learnt, tmp_path):
    heldout = {"base": write_heldout(learnt, tmp_path / "base")}
    _, _, summary = run(learnt, tmp_path / "out", heldout, heldout_documents=2)
    examinee = open_examinee(learnt.folder, 1)
    bits, num_bytes = 0.0, 0
    for document in learnt.documents[:2]:
        ids = examinee.encode(render(document).text)
        with torch.no_grad():
            table = examinee.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        bits -= sum(float(table[i - 1, ids[i]]) for i in range(1, len(ids)) if ids[i] > 5) / log(2)
        num_bytes += len(document.prompt) + len(document.reasoning) + len(document.answer)
    assert summary["bits_per_byte"] == {"base": pytest.approx(bits / num_bytes, rel=1e-5)}
    documents = pd.read_parquet(tmp_path / "out" / "bits.parquet")
    assert documents["document"].tolist() == [0, 1]


def test_a_longer_document_is_scored_up_to_the_crop(learnt, tmp_path):
    heldout = {"base": write_heldout(learnt, tmp_path / "base")}
    run(learnt, tmp_path / "out", heldout, heldout_crop=5)
    assert pd.read_parquet(tmp_path / "out" / "bits.parquet")["num_tokens"].tolist() == [4, 4, 4]


def test_the_log_probability_of_the_gold_answer_is_asked_right_after_the_prompt(learnt, tmp_path):
    _, rows, summary = run(learnt, tmp_path / "out", logprob=True)
    greedy = rows[rows["kind"] == "greedy"].set_index("task")
    assert rows[rows["kind"] == "graded"]["gold_logprob"].isna().all()
    assert exp(greedy.loc["lookup", "gold_logprob"].mean()) > 0.9
    assert exp(greedy.loc["chains", "gold_logprob"].mean()) < 0.1  # there it was taught to think first
    assert summary["over"]["lookup"]["gold_logprob"] == pytest.approx(greedy.loc["lookup", "gold_logprob"].mean())


def test_progress_counts_problems_and_traces(learnt, tmp_path):
    heard = Heard()
    run(learnt, tmp_path / "out", track=heard)
    assert heard.calls[-1] == (12 + 2 * 6, 12 + 2 * 6, "problems")
    assert [done for done, _, _ in heard.calls] == sorted(done for done, _, _ in heard.calls)


def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(learnt, tmp_path):
    with pytest.raises(UserError, match=r"max_new_tokens=250 .* 256 positions"):
        run(learnt, tmp_path / "out", max_new_tokens=250)


@pytest.mark.parametrize(
    ("name", "complaint"), [("tokenizer_config.json", "no tokenizer"), ("config.json", "no model")]
)
def test_a_checkpoint_that_lacks_a_part_is_refused(learnt, tmp_path, name, complaint):
    shutil.copytree(learnt.folder, tmp_path / "broken")
    (tmp_path / "broken" / "model" / name).unlink()
    with pytest.raises(UserError, match=complaint):
        run(replace(learnt, folder=tmp_path / "broken"), tmp_path / "out")


def test_a_checkpoint_without_chat_template_is_refused(learnt, tmp_path):
    shutil.copytree(learnt.folder, tmp_path / "broken")
    (tmp_path / "broken" / "model" / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="no chat template"):
        run(replace(learnt, folder=tmp_path / "broken"), tmp_path / "out")


def test_a_suite_whose_file_was_not_there_stands_in_the_summary_and_changes_nothing_else(learnt, tmp_path):
    _, rows, plain = run(learnt, tmp_path / "plain", graded_problems=0)
    absent = Absent(suite="g", benchmark="gsm8k", path="mine.jsonl")
    _, others, summary = run(learnt, tmp_path / "out", graded_problems=0, missing=(absent,))
    pd.testing.assert_frame_equal(rows, others)
    assert summary == {**plain, "missing": {"g": absent.reason}}
    assert "missing" not in learnt.config.literals()
