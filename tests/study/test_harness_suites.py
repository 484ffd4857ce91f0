"""Benchmarks asked for on the command line or in a recipe, and the world's tasks published."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.graph import arm_graph
from pipeline.study.results.tasks import publish_tasks

FOLDER = Path(__file__).parents[2] / "recipes" / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_suite_of_benchmarks_composes_and_pins_its_versions(name, study):
    (suite,) = study(f"benchmarks={name}").eval.suites[1:]
    assert suite.name == name
    for label, task in suite.harness.tasks.items():
        assert task.version is not None or label == "livecodebench"
        assert task.domain


def test_what_a_suite_does_not_say_of_a_task_stands_in_the_file_of_its_name(study):
    (suite,) = study("benchmarks=paper_sft").eval.suites[1:]
    mmlu = suite.harness.tasks["mmlu"]
    assert (mmlu.task, mmlu.dataset, mmlu.samples) == ("mmlu_generative", "cais/mmlu", 4)
    assert suite.harness.tasks["gsm8k"].task == "gsm8k_cot_zeroshot"


def test_a_suite_after_sft_is_asked_of_no_pretrained_checkpoint(study, tmp_path):
    overrides = ("benchmarks=[paper_base,paper_sft]", f"data_root={tmp_path}", "benchmarks.paper_base.harness.limit=2")
    graph = arm_graph(study(*overrides))
    asked = {
        key: [suite["name"] for suite in graph[key].literals["config"]["suites"]]
        for key in ("eval:pretrain", "eval:sft")
    }
    assert asked == {"eval:pretrain": ["world", "paper_base"], "eval:sft": ["world", "paper_sft"]}


def test_files_that_appear_later_are_asked_anew(study, tmp_path):
    def fingerprint():
        return arm_graph(study("benchmarks=gsm8k", f"data_root={tmp_path}"))["eval:sft"].fingerprint

    before = fingerprint()
    assert fingerprint() == before
    (tmp_path / "gsm8k").mkdir()
    for split in ("train", "test"):
        (tmp_path / f"gsm8k/{split}.jsonl").write_text("{}\n")
    assert fingerprint() != before


def test_without_benchmarks_an_eval_is_what_it_was(study):
    suites = arm_graph(study())["eval:sft"].literals["config"]["suites"]
    assert "harness" not in suites[0] and "after" not in suites[0]


def test_benchmarks_need_to_be_told_where_their_files_are(study):
    with pytest.raises(UserError, match="suite 'gsm8k' reads files and data_root is not set; give data_root=PATH"):
        arm_graph(study("benchmarks=gsm8k"))


def test_a_misspelt_key_of_a_benchmark_is_named(study):
    with pytest.raises(UserError, match=r"did you mean 'eval\.suites\.1\.harness\.tasks\.gsm8k\.num_fewshot'"):
        study("benchmarks=gsm8k", "+benchmarks.gsm8k.harness.tasks.gsm8k.num_fewshots=3")


def test_the_world_is_published_once_and_the_place_is_said(study, tmp_path):
    heard = io.StringIO()
    arm = ((), study(f"store={tmp_path}"))
    for _ in range(2):
        publish_tasks([arm], Console(file=heard, width=300))
    (folder,) = (path for path in (tmp_path / "publish").iterdir() if path.is_dir())
    assert {"utils.py", "chains.yaml", "chains.jsonl", "_frontload_world.yaml", "record.json"} <= {
        p.name for p in folder.iterdir()
    }
    assert f"world: {folder}" in heard.getvalue()


def test_a_recipe_without_a_world_has_nothing_to_publish(study, tmp_path):
    (tmp_path / "gsm8k").mkdir()
    with pytest.raises(UserError, match="recipe real_text asks no suite of the world"):
        publish_tasks([((), study("recipe=real_text", f"data_root={tmp_path}", f"store={tmp_path}"))], Console())
