"""The harness's tasks over local files: the prompts and targets of its own YAML, and a line for what is missing."""

import random
import socket
from pathlib import Path

import datasets
import pytest
import yaml
from benchmark_files import HUMANEVAL, hub_rows, lines

from pipeline.core.errors import UserError
from pipeline.tasks.harness.ask import harness_problems
from pipeline.tasks.harness.config import HarnessSuite, HarnessTask
from pipeline.tasks.harness.find import manager_for
from pipeline.tasks.harness.identity import identified
from pipeline.tasks.harness.load import Loaded, Missing, load_task
from pipeline.tasks.harness.offline import offline, seed_as_the_harness

SHARED = Path(__file__).parents[4] / "shared" / "data"
METRICS = {
    "gsm8k": ("exact_match", "strict-match"),
    "humaneval": ("pass@1", "create_test"),
    "mbpp": ("pass_at_1", "none"),
}
METRICS |= {"bbh_cot_fewshot_boolean_expressions": ("exact_match", "get-answer")}
GPQA = {
    "Question": "Which is right?",
    "Correct Answer": "four",
    "Incorrect Answer 1": "one",
    "Incorrect Answer 2": "two",
    "Incorrect Answer 3": "three",
}


def asked(task, dataset="", **more):
    metric, filter = METRICS.get(task, ("acc", "none"))
    return {"dataset": dataset, "metric": metric, "filter": filter, **more}


def load(task, root, dataset="", include="", **more):
    suite = HarnessSuite(tasks={task: asked(task, dataset, **more)}, include=include)
    with offline() as scratch:
        return load_task(task, suite, root, scratch)


def requests(task):
    task.set_fewshot_seed(1234)
    task.build_all_requests()
    return [instance.arguments for instance in task.instances], [task.doc_to_target(doc) for doc in task.eval_docs]


def plain(task, splits, folder):
    """The harness's own task over the hub's rows, as its documentation says: another YAML that includes its own."""
    files = {}
    for split, rows in splits.items():
        files[split] = str(folder / f"{split}.jsonl")
        Path(files[split]).write_text(lines(rows))
    source = str(manager_for(task, None).task_index[task].yaml_path)
    local = {
        "include": source,
        "task": "plain",
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": files},
    }
    (folder / "plain.yaml").write_text(yaml.safe_dump(local))
    seed_as_the_harness()
    manager = manager_for("plain", folder)
    return manager.load(["plain"])["tasks"]["plain"]


@pytest.mark.parametrize("task", hub_rows())
def test_prompts_and_targets_are_those_of_the_harness_on_the_same_rows(task, data_root, tmp_path):
    dataset, splits = hub_rows()[task]
    ours = load(task, data_root, dataset)
    if isinstance(ours, Missing) and "bubblewrap" in ours.reason:
        pytest.skip(ours.reason)
    assert isinstance(ours, Loaded), ours
    with offline():
        theirs = plain(task, splits, tmp_path)
        assert requests(ours.tasks[task]) == requests(theirs)


def test_a_group_is_its_subtasks(data_root):
    mmlu = load("mmlu", data_root, "cais/mmlu", num_fewshot=5, version=2)
    assert (len(mmlu.tasks), mmlu.version) == (57, "2")
    prompts, targets = requests(mmlu.tasks["mmlu_anatomy"])
    assert prompts[0][0].startswith("The following are multiple choice questions (with answers) about anatomy.")
    assert prompts[0][0].count("Answer: ") == 5
    assert (len(prompts), targets) == (8, [1, 2])


def test_ifeval_leaves_out_what_it_cannot_score_here_and_says_so(data_root, monkeypatch):
    monkeypatch.setattr("pipeline.tasks.harness.needs._has_punkt", lambda: False)
    task = load("ifeval", data_root, "google/IFEval", metric="prompt_level_strict_acc")
    assert [doc["key"] for doc in task.tasks["ifeval"].eval_docs] == [1000, 1002]
    assert task.left_out.startswith("1 problems: they count sentences")


@pytest.mark.parametrize(
    ("task", "more", "reason"),
    [
        (
            "hellaswag",
            {"dataset": "Rowan/hellaswag"},
            r"Rowan/hellaswag is not below data_root; hf download Rowan/hellaswag",
        ),
        ("livecodebench", {"get": "run its own"}, r"lm_eval 0\.4\.\d+ has no task 'livecodebench'; run its own"),
        ("gsm8k", {"dataset": "openai/gsm8k", "version": 2.0}, r"its version is 3\.0 in lm_eval .* the suite pins 2,"),
        ("arc_challenge", {"dataset": "allenai/ai2_arc", "num_fewshot": 5}, "has no 5 solved examples below data_root"),
        ("minerva_math500", {"dataset": "openai/gsm8k"}, "cannot load it .*antlr4-python3-runtime==4.11"),
    ],
)
def test_what_cannot_be_asked_is_missing_with_a_reason(task, more, reason, data_root):
    found = load(task, data_root, **more)
    assert isinstance(found, Missing)
    with pytest.raises(UserError, match=reason):
        raise UserError(found.reason)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"dataset": "openai/openai_humaneval"}, "reads the data set 'openai/gsm8k' and the suite says"),
        ({"dataset": "openai/gsm8k", "filter": "strict"}, "no filter 'strict'; it has strict-match, flexible-extract"),
        ({"dataset": "openai/gsm8k", "metric": "acc"}, "no metric 'acc'; it has exact_match"),
    ],
)
def test_a_suite_that_contradicts_the_harness_is_refused(more, message, data_root):
    with pytest.raises(UserError, match=message):
        load("gsm8k", data_root, **more)


def test_code_that_would_run_outside_the_sandbox_is_not_run(data_root, tmp_path):
    (tmp_path / "hub/x/y").mkdir(parents=True)
    (tmp_path / "hub/x/y/test.jsonl").write_text(lines(HUMANEVAL))
    (tmp_path / "own").mkdir()
    config = {
        "task": "own_code",
        "dataset_path": "x/y",
        "unsafe_code": True,
        "test_split": "test",
        "output_type": "generate_until",
    }
    config |= {"doc_to_text": "{{prompt}}", "doc_to_target": "{{test}}", "metric_list": [{"metric": "exact_match"}]}
    (tmp_path / "own/own_code.yaml").write_text(yaml.safe_dump(config))
    found = load("own_code", tmp_path, "x/y", include="own", metric="exact_match")
    assert "outside our sandbox" in found.reason


def test_a_download_from_the_hub_is_read_where_it_lies_without_network_or_cache(tmp_path, monkeypatch):
    folder = tmp_path / "hub/Rowan/hellaswag"
    folder.mkdir(parents=True)
    row = {
        "ind": 1,
        "activity_label": "Cooking",
        "ctx_a": "A man cooks.",
        "ctx_b": "he",
        "endings": ["eats.", "runs [title] off."],
        "label": "0",
    }
    for split in ("train", "validation", "test"):
        (folder / f"{split}.jsonl").write_text(lines([row, {**row, "label": "1"}]))
    cache = Path(datasets.config.HF_DATASETS_CACHE)
    before = sorted(cache.rglob("*"))
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    with offline() as scratch:
        suite = HarnessSuite(tasks={"hellaswag": asked("hellaswag", "Rowan/hellaswag")})
        found = load_task("hellaswag", suite, tmp_path, scratch)
        prompts, targets = requests(found.tasks["hellaswag"])
    assert prompts[:2] == [("Cooking: A man cooks. He", " eats."), ("Cooking: A man cooks. He", " runs. off.")]
    assert targets == [0, 1]
    assert sorted(cache.rglob("*")) == before


def no_network(*args, **kwargs):
    raise AssertionError(f"the network was asked for {args}")


def test_choices_are_shuffled_once_and_as_the_harness_shuffles_them(tmp_path):
    folder = tmp_path / "hub/Idavidrein/gpqa"
    folder.mkdir(parents=True)
    rows = [{**GPQA, "Question": f"Which is right, {n}?"} for n in range(6)]
    (folder / "train.jsonl").write_text(lines(rows))
    task = "gpqa_diamond_zeroshot"
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: gpqa_diamond\n  data_files: train.jsonl\n---\n")
    (tmp_path / "plain").mkdir()
    state = random.getstate()
    with offline() as scratch:
        suite = HarnessSuite(tasks={task: asked(task, "Idavidrein/gpqa")})
        ours = load_task(task, suite, tmp_path, scratch).tasks[task]
        theirs = plain(task, {"train": rows}, tmp_path / "plain")
        assert requests(ours) == requests(theirs)
        assert [doc["answer"] for doc in ours.eval_docs] == [doc["answer"] for doc in ours.eval_docs]
    assert random.getstate() == state


def test_the_questions_are_known_to_decontamination(data_root):
    tasks = {"winogrande": asked("winogrande", "allenai/winogrande"), "gsm8k": asked("gsm8k", "openai/gsm8k")}
    tasks |= {
        "arc_challenge": asked("arc_challenge", "allenai/ai2_arc"),
        "hellaswag": asked("hellaswag", "Rowan/hellaswag"),
    }
    problems = list(harness_problems(HarnessSuite(tasks=tasks, limit=1), data_root))
    assert [(problem.task, problem.prompt, problem.answer) for problem in problems] == [
        (
            "winogrande",
            "Sarah knew more than Maria so Sarah got the hard cases.",
            "Sarah knew more than Maria so Sarah",
        ),
        ("gsm8k", "Question: Ann has 8 pears and eats one. How many are left?\nAnswer:", "8-1\n#### 7"),
        ("arc_challenge", "Question: Why does it rain 0 times? \nAnswer:", "sun"),
    ]


def test_files_and_the_harness_are_part_of_what_is_asked(tmp_path):
    suite = HarnessSuite(tasks={"gsm8k": asked("gsm8k", "openai/gsm8k")})
    assert identified(suite, tmp_path).tasks["gsm8k"].checksums == {}
    (tmp_path / "gsm8k").mkdir()
    for split in ("train", "test"):
        (tmp_path / f"gsm8k/{split}.jsonl").write_text("{}\n")
    first = identified(suite, tmp_path)
    assert first.tasks["gsm8k"].checksums.keys() == {"gsm8k/train.jsonl", "gsm8k/test.jsonl"}
    assert first.harness_version.startswith("0.4.")
    (tmp_path / "gsm8k/test.jsonl").write_text('{"question": "?"}\n')
    assert identified(suite, tmp_path) != first


def test_equal_samples_are_refused():
    with pytest.raises(ValueError, match="4 samples of task 'gsm8k' would be equal; give a `temperature`"):
        HarnessTask(task="gsm8k", metric="exact_match", samples=4)


@pytest.mark.skipif(not (SHARED / "gsm8k").exists(), reason="needs ../shared/data")
def test_the_real_files_have_as_many_problems_as_their_papers_say():
    expected = {
        ("arc_challenge", "allenai/ai2_arc", "acc", "none"): 1172,
        ("winogrande", "allenai/winogrande", "acc", "none"): 1267,
        ("gsm8k", "openai/gsm8k", "exact_match", "strict-match"): 1319,
        ("mmlu", "cais/mmlu", "acc", "none"): 14042,
        ("mbpp", "google-research-datasets/mbpp", "pass_at_1", "none"): 500,
        ("humaneval", "openai/openai_humaneval", "pass@1", "create_test"): 164,
        ("bbh_cot_fewshot", "SaylorTwift/bbh", "exact_match", "get-answer"): 6511,
    }
    for (task, dataset, metric, filter), count in expected.items():
        found = load(task, SHARED, dataset, metric=metric, filter=filter)
        if isinstance(found, Loaded) or "bubblewrap" not in found.reason:
            assert sum(len(each.eval_docs) for each in found.tasks.values()) == count
