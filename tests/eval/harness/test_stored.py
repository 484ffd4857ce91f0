"""Completions on file: our scorer and the harness's filters on the same lines, labels held against both."""

import gzip
import json

import orjson
import pandas as pd
import pytest
from sandboxes import needs_sandbox

from pipeline.core.errors import UserError
from pipeline.eval.harness.run import open_suite
from pipeline.eval.stored import score_stored
from pipeline.tasks.code.config import CodeSuite
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.suite import Gsm8kSuite, Suite

OURS = Suite(name="ours", gsm8k=Gsm8kSuite(path="gsm8k/test.jsonl", num_problems=5))
HUMANEVAL = [
    {
        "task_id": f"HumanEval/{number}",
        "prompt": "def one():\n",
        "entry_point": "one",
        "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }
    for number in range(2)
]


def harness(name, filter_name):
    task = {"dataset": "openai/gsm8k", "metric": "exact_match", "filter": filter_name}
    return Suite(name=name, harness=HarnessSuite(tasks={"gsm8k": task}))


def scored(suites, lines, data_root, out):
    """Rows and summary of lines, those of a suite in the lines' order."""
    out.mkdir(exist_ok=True)
    file = out / "stored.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = []
    score_stored(suites, file, study_key="k", data_root=data_root, out=out, advance=told.append)
    rows = pd.read_parquet(out / "rows.parquet")
    assert sum(told) == len(rows)
    return rows, orjson.loads((out / "summary.json").read_bytes())


def verdicts(completions, data_root, out):
    """Correct or not, by suite. The first test problem of `data_root` has the answer 12."""
    lines = [{"task": "gsm8k", "problem": 0, "completion": text} for text in completions]
    suites = (OURS, harness("strict", "strict-match"), harness("flexible", "flexible-extract"))
    rows, _ = scored(suites, lines, data_root, out)
    return {name: part["correct"].tolist() for name, part in rows.groupby("suite")}


def test_where_a_solution_is_marked_ours_is_the_strict_filter(data_root, tmp_path):
    said = [
        f"6 + 6 = 12\n#### {answer}"
        for answer in ("12", "12.", "12\n\nand 3 more", "-12", "13", "1,2", "12 plums, 3 left")
    ]
    said += ["#### 12\n#### 13", "#### 13\n#### 12", "12\n#### 13", "the first #### 12 counts\n#### 5"]
    found = verdicts(said, data_root, tmp_path)
    assert found["ours"] == found["strict"]
    assert found["ours"] == [True, True, True, False, False, True, True, True, False, False, True]


def test_where_nothing_is_marked_ours_is_the_flexible_filter(data_root, tmp_path):
    said = ["12", "$12", "so it is 12.", "5 and 7 make 12 plums", "12 and then 5", "1,2", "-12", "it is 13", "none", ""]
    found = verdicts(said, data_root, tmp_path)
    assert not any(found["strict"])
    differs = [text for text, a, b in zip(said, found["ours"], found["flexible"], strict=True) if a != b]
    assert differs == ["1,2"]  # the harness drops the comma; a list of two numbers is none
    assert found["ours"] == [True, True, True, True, *[False] * 6]


@pytest.mark.parametrize(
    "text",
    ["12.00", "$12.0", "１２", "15-3=12", r"\boxed{12} for 3", r"\boxed{\frac{24}{2}}"],
)
def test_right_answers_that_a_filter_of_the_harness_misses(data_root, tmp_path, text):
    found = verdicts([text], data_root, tmp_path)
    assert found["ours"] == [True]
    assert not (found["strict"][0] and found["flexible"][0])


def test_agreement_with_labels_is_counted_and_every_other_line_is_named(data_root, tmp_path):
    question = json.loads((data_root / "gsm8k/test.jsonl").read_text().splitlines()[1])["question"]
    lines = [
        {"task": "gsm8k", "problem": "gsm8k-0", "completion": "#### 12", "label": True},
        {"task": "gsm8k", "problem": 0, "completion": "#### 13", "label": True},
        {"task": "gsm8k", "question": f" {question}\n", "completion": "<think>9</think>14<|end|> 3", "label": 0},
        {"task": "gsm8k", "question": "unheard of", "completion": "#### 1", "label": False},
        {"task": "gsm8k", "problem": 4, "completion": "none"},
    ]
    rows, summary = scored([OURS], lines, data_root, tmp_path)
    (task,) = summary["tasks"]
    assert (task["n"], task["labels"], task["agree"], task["unknown"]) == (4, 3, 1, [4])
    assert task["disagree"] == {"right_by_us": [3], "right_by_label": [2]}
    assert (task["correct"], task["well_formed"]) == (0.5, 0.75)
    assert rows["line"].tolist() == [1, 2, 3, 5]
    assert rows["sample"].tolist() == [1, 2, 1, 1]
    assert rows["error"].tolist()[-1] == "no number: 'none'"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "stored.jsonl:1 is no JSON"),
        ("[1]", "is no JSON object"),
        ('{"task": "gsm8k", "completion": "1"}', "lacks one of `task`, `completion`, and `problem` or `question`"),
        (
            '{"task": "gsm8k", "problem": 1, "completion": "1", "label": "yes"}',
            "has the label 'yes'; give true or false",
        ),
        ('{"task": "gsm9k", "problem": 1, "completion": "1"}', "task 'gsm9k', which no suite asks"),
        ('{"task": "gsm8k", "problem": 99, "completion": "1"}', "answers no problem of the suites"),
        ("", "has no line"),
    ],
)
def test_a_file_that_cannot_be_scored_is_named(data_root, tmp_path, line, message):
    file = tmp_path / "stored.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(UserError, match=message):
        score_stored([OURS], file, study_key="k", data_root=data_root, out=tmp_path, advance=int)
    with pytest.raises(UserError, match="is no file"):
        score_stored([OURS], tmp_path / "none", study_key="k", data_root=data_root, out=tmp_path, advance=int)


def test_a_benchmark_that_is_not_there_is_named(data_root, tmp_path):
    asked = {"aime24": {"dataset": "Maxwell-Jia/AIME_2024", "metric": "exact_match"}}
    arc = {"arc": {"task": "arc_challenge", "dataset": "allenai/ai2_arc", "metric": "acc_norm"}}
    suite = Suite(name="more", harness=HarnessSuite(tasks={**asked, **arc}))
    lines = [{"task": task, "problem": 0, "completion": "1"} for task in ("aime24", "arc")]
    rows, summary = scored([suite], lines, data_root, tmp_path)
    assert rows.empty
    missing = {task["task"]: task["missing"] for task in summary["tasks"]}
    assert "is not below data_root; hf download" in missing["aime24"]
    assert "weighs given answers" in missing["arc"]


def humaneval_file(folder):
    """Below the folder, as its project publishes it."""
    (folder / "humaneval").mkdir()
    with gzip.open(folder / "humaneval/HumanEval.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in HUMANEVAL)


@needs_sandbox
def test_rows_of_a_model_say_what_became_of_its_programs(examinee, tmp_path):
    humaneval_file(tmp_path)
    task = {"dataset": "openai/openai_humaneval", "metric": "pass@1", "filter": "create_test", "max_gen_toks": 4}
    suite = HarnessSuite(tasks={"humaneval": task})
    with open_suite("code", suite, examinee, "tests/seed0", tmp_path) as benchmarks:
        rows = benchmarks.rows(int)
    assert len(rows) == 2
    assert {row["outcome"] for row in rows} == {"failed"}  # random bytes
    assert all(row["error"].startswith("failed: ") and row["tried"] == [] for row in rows)
    assert [row["score"] for row in rows] == [0.0, 0.0]


@needs_sandbox
def test_code_is_run_in_the_sandbox_by_both_and_attempts_are_counted(tmp_path):
    """The last two lines are those of a program that is none, and of one that tries to get out."""
    humaneval_file(tmp_path)
    task = {"dataset": "openai/openai_humaneval", "metric": "pass@1", "filter": "create_test"}
    suites = [
        Suite(name="ours", code=CodeSuite(benchmark="humaneval", path="humaneval/HumanEval.jsonl.gz", num_problems=2)),
        Suite(name="theirs", harness=HarnessSuite(tasks={"humaneval": task})),
    ]
    said = [
        "    return 1",
        "\treturn 1\ndef two(): return 2",
        "    return 2",
        "    return (",
        "    open('/etc/passwd')",
    ]
    labels = [True, True, False, False, False]
    lines = [
        {"task": "humaneval", "problem": 1, "completion": text, "label": label}
        for text, label in zip(said, labels, strict=True)
    ]
    rows, summary = scored(suites, lines, tmp_path, tmp_path)
    assert [task["agree"] for task in summary["tasks"]] == [5, 5]
    for _, part in rows.groupby("suite"):
        assert part["outcome"].tolist() == ["passed", "passed", "failed", "failed", "blocked"]
        assert part["well_formed"].tolist() == [True, True, True, False, True]
        assert [list(tried) for tried in part["tried"]] == [[], [], [], [], ["open '/etc/passwd'"]]
        assert part["error"].tolist()[-1].startswith("blocked: FileNotFoundError")
    assert summary["sandbox"]["runs"] == 10
    assert (summary["sandbox"]["runs_that_tried"], summary["sandbox"]["tried"]) == (2, {"open": 2})


def test_a_suite_of_ours_and_one_of_the_harness_s_may_have_one_name(data_root, tmp_path):
    lines = [{"task": "gsm8k", "problem": 0, "completion": text, "label": True} for text in ("12.00", "#### 12")]
    suites = (OURS.model_copy(update={"name": "gsm8k"}), harness("gsm8k", "strict-match"))
    _, summary = scored(suites, lines, data_root, tmp_path)
    assert [(task["n"], task["agree"]) for task in summary["tasks"]] == [(2, 2), (2, 1)]
