"""The world's tasks both ways: asked by our eval stage, and published as a folder for plain `lm_eval`."""

import orjson
import pandas as pd
import pytest
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.track import Silent
from pipeline.eval.evaluate import evaluate
from pipeline.tasks.harness.publish import publish_world
from pipeline.tasks.suite import Suite

TASKS = ("frontload_chains", "frontload_lookup", "frontload_swaps")
GROUPS = ("frontload_world", "frontload_held_out", "frontload_lookup_control")


@pytest.fixture(scope="module")
def published(learnt, tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    (root / "world").mkdir()
    publish_world(learnt.problems, learnt.config.max_new_tokens, root / "world")
    return root


def harness_suite():
    tasks = {task: {"metric": "correct", "domain": "world"} for task in TASKS}
    return Suite.model_validate(
        {"name": "published", "harness": {"tasks": tasks, "include": "world", "apply_chat_template": True}}
    )


@pytest.fixture(scope="module")
def asked(learnt, published, tmp_path_factory):
    """Rows and summary of one eval that asks the same problems as our suite and as the harness's."""
    out = tmp_path_factory.mktemp("asked")
    config = learnt.config.model_copy(update={"suites": (*learnt.config.suites, harness_suite()), "graded_problems": 0})
    track, study = Silent(), learnt.study_key
    evaluate(config, learnt.folder, {}, study_key=study, data_root=published, out=out, track=track)
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


@pytest.fixture(scope="module")
def plain(learnt, published):
    """Problem to its verdicts, and the harness's results: nothing of ours but the folder and the checkpoint."""
    results = simple_evaluate(
        model=HFLM(pretrained=str(Checkpoint(learnt.folder).model), device="cpu", batch_size=4),
        tasks=list(GROUPS),
        task_manager=TaskManager(include_path=str(published / "world"), include_defaults=False),
        apply_chat_template=True,
        bootstrap_iters=0,
    )
    samples = [sample for task in TASKS for sample in results["samples"][task]]
    return {sample["doc"]["id"]: (bool(sample["correct"]), bool(sample["well_formed"])) for sample in samples}, results


def test_plain_lm_eval_scores_every_problem_as_our_suite_does(asked, plain):
    greedy = asked[0][asked[0]["kind"] == "greedy"].set_index("problem")
    assert len(greedy) == len(plain[0]) == 12
    for problem, verdicts in plain[0].items():
        assert verdicts == (greedy.loc[problem, "correct"], greedy.loc[problem, "well_formed"]), problem


def test_the_harness_s_groups_are_the_summary_s_parts(asked, plain):
    over = asked[1]["over"]
    for group, part in zip(GROUPS, ("reasoning", "held_out", "lookup"), strict=True):
        assert plain[1]["results"][group]["correct,none"] == over[part]["accuracy"]
        assert plain[1]["results"][group]["well_formed,none"] == over[part]["well_formed"]


def test_our_stage_asks_the_published_tasks_with_the_same_result(asked, plain):
    rows = asked[0][asked[0]["kind"] == "benchmark"]
    assert len(rows) == 12
    for task in TASKS:
        assert rows.loc[rows["task"] == task, "score"].mean() == plain[1]["results"][task]["correct,none"]
    tasks = asked[1]["benchmarks"]["published"]["tasks"]
    assert {task: tasks[task]["metrics"]["well_formed,none"] for task in TASKS} == {
        task: plain[1]["results"][task]["well_formed,none"] for task in TASKS
    }


def test_benchmark_rows_count_in_no_part_of_the_summary_of_answers(asked):
    over = asked[1]["over"]
    assert over["by_family"].keys() == {"chains", "lookup", "swaps"}
    assert over["reasoning"]["n"] + over["held_out"]["n"] + over["lookup"]["n"] == 12
    assert asked[1]["suites"].keys() == {"tiny"}


def test_a_benchmark_of_real_text_is_missing_for_a_closed_vocabulary(learnt, published, tmp_path):
    (published / "gsm8k").mkdir()
    for split in ("train", "test"):
        (published / f"gsm8k/{split}.jsonl").write_text('{"question": "Why me?", "answer": "#### 1"}\n')
    task = {
        "dataset": "openai/gsm8k",
        "metric": "exact_match",
        "filter": "strict-match",
        "num_fewshot": 0,
        "max_gen_toks": 5,
    }
    suite = Suite.model_validate({"name": "real", "harness": {"tasks": {"gsm8k": task}}})
    config = learnt.config.model_copy(update={"suites": (suite,)})
    study = learnt.study_key
    evaluate(config, learnt.folder, {}, study_key=study, data_root=published, out=tmp_path, track=Silent())
    summary = orjson.loads((tmp_path / "summary.json").read_bytes())
    assert "closed vocabulary lacks, such as 'Question:'" in summary["benchmarks"]["real"]["missing"]["gsm8k"]
    assert summary["over"]["reasoning"]["n"] == 0
    assert summary["benchmarks"]["real"]["average"]["mean"] is None
