"""Benchmarks on the model in memory: the harness's scores, a row for each problem and sample, and what is missing."""

import socket
from hashlib import blake2b

import orjson
import pandas as pd
import pyarrow as pa
import pytest
import torch
import yaml
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from pipeline.core.errors import UserError
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.eval.harness.run import open_suite
from pipeline.eval.harness.summary import harness_metrics, summarise_suite
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.harness.find import _harness_tasks

GSM8K = {
    "dataset": "openai/gsm8k",
    "metric": "exact_match",
    "filter": "flexible-extract",
    "domain": "math",
    "max_gen_toks": 70,
}
ARC = {"task": "arc_challenge", "dataset": "allenai/ai2_arc", "metric": "acc_norm", "domain": "general"}
HELLASWAG = {"dataset": "Rowan/hellaswag", "metric": "acc_norm", "domain": "general"}
LETTERS = """
task: letters
dataset_path: null
output_type: multiple_choice
custom_dataset: !function own.load
test_split: test
doc_to_text: "{{question}}"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""
BROKEN = """
task: broken
custom_dataset: !function own.load
output_type: generate_until
test_split: test
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
process_results: !function own.judge
generation_kwargs: {until: ["x"], max_gen_toks: 3}
metric_list: [{metric: right, aggregation: mean, higher_is_better: true}]
"""
OWN = """
import datasets
def load(**_):
    return {"test": datasets.Dataset.from_list([{"question": f"{n}?", "answer": n} for n in range(3)])}
def judge(doc, results):
    return {"right": 1 / doc["answer"]}
"""


def ask(examinee, data_root, tasks, name="suite", told=None, **more):
    """Rows as they are written, and the summary."""
    suite = HarnessSuite(tasks=tasks, **more)
    with open_suite(name, suite, examinee, "tests/seed0", data_root) as benchmarks:
        rows = benchmarks.rows((told if told is not None else []).append)
        frame = pa.Table.from_pylist(rows, schema=SCORE_SCHEMA).to_pandas()
        return frame, summarise_suite(frame, benchmarks), benchmarks.num_completions


@pytest.fixture(scope="module")
def asked(examinee, data_root):
    return ask(examinee, data_root, {"gsm8k": GSM8K, "arc": ARC, "hellaswag": HELLASWAG})


@pytest.fixture(scope="module")
def plain(examinee, data_root, tmp_path_factory):
    """The same model and rows through the harness alone: its own tasks on JSON files, its own model."""
    folder = tmp_path_factory.mktemp("plain")
    arc = pd.read_json(data_root / "llm_foundry_eval/world_knowledge/arc_challenge.jsonl", lines=True)
    labels = list("ABCD")
    rows = [
        {"question": q.removeprefix("Question: "), "choices": {"text": c, "label": labels}, "answerKey": labels[g]}
        for q, c, g in zip(arc["query"], arc["choices"], arc["gold"], strict=True)
    ]
    pd.DataFrame(rows).to_json(folder / "arc.jsonl", orient="records", lines=True)
    sources = {
        "gsm8k": {split: str(data_root / f"gsm8k/{split}.jsonl") for split in ("train", "test")},
        "arc": dict.fromkeys(("train", "validation", "test"), str(folder / "arc.jsonl")),
    }
    for name, file in (("gsm8k", "gsm8k/gsm8k.yaml"), ("arc", "arc/arc_challenge.yaml")):
        config = {"include": str(_harness_tasks() / file), "task": name, "dataset_path": "json", "dataset_name": None}
        config["dataset_kwargs"] = {"data_files": sources[name], "cache_dir": str(folder)}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    return simple_evaluate(
        model=HFLM(pretrained=examinee.model, tokenizer=examinee.tokenizer, batch_size=2),
        tasks=["gsm8k", "arc"],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        gen_kwargs={"max_gen_toks": 70},
        bootstrap_iters=0,
    )


def by_problem(rows, task):
    return (
        rows[rows["task"] == task].assign(number=rows["problem"].str.split("-").str[1].astype(int)).set_index("number")
    )


def test_choices_have_the_log_likelihoods_that_the_harness_s_own_model_gives(asked, plain):
    rows = by_problem(asked[0], "arc")
    assert len(rows) == len(plain["samples"]["arc"]) == 5
    for sample in plain["samples"]["arc"]:
        row = rows.loc[sample["doc_id"]]
        theirs = [response[0][0] for response in sample["resps"]]
        assert row["choice_logprobs"] == pytest.approx(theirs, abs=1e-4)
        assert row["gold_logprob"] == pytest.approx(theirs[sample["target"]], abs=1e-4)
        assert row["score"] == sample["acc_norm"]
    assert asked[1]["tasks"]["arc"]["metrics"] == pytest.approx(
        {key: plain["results"]["arc"][key] for key in ("acc,none", "acc_norm,none")}
    )


def test_completions_are_those_of_the_harness_s_own_model(asked, plain):
    rows = by_problem(asked[0], "gsm8k")
    logged = plain["samples"]["gsm8k"]
    assert len(rows) == len({sample["doc_id"] for sample in logged}) == 5
    for sample in logged:
        row = rows.loc[sample["doc_id"]]
        assert row["completion"] == sample["resps"][0][0]
        assert row["prompt_hash"] == blake2b(sample["arguments"][0][0].encode(), digest_size=8).hexdigest()
        assert orjson.loads(row["metrics"])[f"exact_match,{sample['filter']}"] == sample["exact_match"]
    theirs = {key: plain["results"]["gsm8k"][key] for key in asked[1]["tasks"]["gsm8k"]["metrics"]}
    assert asked[1]["tasks"]["gsm8k"]["metrics"] == pytest.approx(theirs)


def test_the_rows_say_what_the_harness_says(asked):
    rows, summary, _ = asked
    for label, task in summary["tasks"].items():
        assert harness_metrics(rows[rows["task"] == label]) == task["metrics"]
        assert task["score"] == task["metrics"][task["metric"]]
    assert rows["harness_task"].unique().tolist() == ["gsm8k@3.0", "arc_challenge@1.0"]
    assert set(rows["kind"]) == {"benchmark"}
    assert rows["problem"].is_unique


def test_what_is_missing_is_named_and_a_mean_over_fewer_says_so(asked):
    summary = asked[1]
    assert summary["missing"].keys() == {"hellaswag"}
    assert summary["groups"]["general"]["name"] == "general (1 of 2)"
    assert summary["groups"]["general"]["missing"] == ("hellaswag",)
    assert summary["groups"]["math"]["name"] == "math"
    assert summary["average"]["name"] == "average with general (1 of 2)"
    means = [summary["groups"][name]["mean"] for name in ("math", "general")]
    assert summary["average"]["mean"] == pytest.approx(sum(means) / 2)


def test_samples_are_drawn_from_streams_of_their_own_and_are_the_same_each_time(examinee, data_root):
    sampled = {**GSM8K, "samples": 3, "temperature": 1.0, "max_gen_toks": 20}
    told = []
    rows, summary, count = ask(examinee, data_root, {"gsm8k": sampled}, limit=2, told=told)
    assert rows["sample"].tolist() == [1, 1, 2, 2, 3, 3]
    assert rows["completion"].nunique() == 6
    assert (sum(told), count) == (6, 6)
    assert (summary["tasks"]["gsm8k"]["n"], summary["tasks"]["gsm8k"]["samples"]) == (2, 3)
    again, _, _ = ask(examinee, data_root, {"gsm8k": sampled}, limit=2)
    assert again.equals(rows)


def test_progress_counts_problems_not_choices(examinee, data_root):
    told = []
    _, _, count = ask(examinee, data_root, {"arc": ARC}, told=told)
    assert (sum(told), count) == (5, 5)


def test_choices_of_one_letter_share_the_reading_of_their_prompt(examinee, tmp_path):
    (tmp_path / "own").mkdir()
    for name, text in (("letters.yaml", LETTERS), ("own.py", OWN)):
        (tmp_path / "own" / name).write_text(text)
    before = examinee.used.input_tokens
    rows, _, _ = ask(examinee, tmp_path, {"letters": {"metric": "acc"}}, include="own")
    assert examinee.used.input_tokens - before == 3 * len("0? ")
    assert rows["gold"].tolist() == ["A", "B", "C"]
    assert rows["chance"].tolist() == pytest.approx([1 / 3] * 3)
    for number, logprobs in enumerate(rows["choice_logprobs"]):
        with torch.no_grad():
            table = examinee.model(torch.tensor([examinee.encode(f"{number}? ")])).logits[0].log_softmax(-1)
        space = float(table[-2, examinee.encode(" ")[0]])
        expected = [space + float(table[-1, examinee.encode(letter)[0]]) for letter in "ABC"]
        assert logprobs == pytest.approx(expected, abs=1e-5)


def test_a_scorer_that_raises_costs_its_problem_and_no_other(examinee, tmp_path):
    (tmp_path / "own").mkdir()
    for name, text in (("broken.yaml", BROKEN), ("own.py", OWN)):
        (tmp_path / "own" / name).write_text(text)
    rows, summary, _ = ask(examinee, tmp_path, {"broken": {"metric": "right"}}, include="own")
    assert rows["score"].tolist() == [0.0, 1.0, 0.5]
    assert rows["error"].dropna().tolist() == ["ZeroDivisionError: division by zero"]
    assert (summary["tasks"]["broken"]["score"], summary["tasks"]["broken"]["errors"]) == (0.5, 1)


def test_a_metric_that_the_task_does_not_give_is_refused(examinee, data_root):
    with pytest.raises(UserError, match="gives no 'pass@1,flexible-extract' but exact_match,strict-match"):
        ask(examinee, data_root, {"gsm8k": {**GSM8K, "metric": "pass@1"}}, limit=1)


def test_a_task_that_asks_for_more_tokens_than_there_are_positions_is_missing(examinee, data_root):
    _, summary, _ = ask(examinee, data_root, {"gsm8k": {**GSM8K, "max_gen_toks": 2000}, "arc": ARC}, limit=1)
    assert "asks for 2000 new tokens of a model with 1024 positions" in summary["missing"]["gsm8k"]
    assert summary["tasks"].keys() == {"arc"}
    rows, _, _ = ask(examinee, data_root, {"gsm8k": {**GSM8K, "max_gen_toks": 2000}}, limit=1, max_gen_toks=7)
    assert rows["generated_tokens"].tolist() == [7]


def test_the_network_is_not_asked_for_anything(examinee, data_root, monkeypatch):
    def no_network(*args, **kwargs):
        raise AssertionError(f"the network was asked for {args}")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    rows, _, _ = ask(examinee, data_root, {"gsm8k": {**GSM8K, "max_gen_toks": 5}, "hellaswag": HELLASWAG}, limit=1)
    assert len(rows) == 1
