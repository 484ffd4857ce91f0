"""Suites whose file is not there: the others go on, what is missing is said, and is asked once it is there."""

import io
import json

import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.absences import absent_lines, say_absent
from pipeline.study.nodes.node import Node
from pipeline.study.results.stored import score_completions
from pipeline.study.run.fit import check_prompts

WORLD = "{name: w, world: {families: [chains], depths: [1], problems_per_family: 2, templates: 3}}"
GSM8K = "{name: g, gsm8k: {path: gsm8k/test.jsonl, num_problems: 2}}"
CODE = "{name: c, after: sft, code: {benchmark: humaneval, path: mine.jsonl, num_problems: 1}}"
PROBE = "{name: r, reflection: {gsm8k: {path: gsm8k/train.jsonl, num_rows: 1}}}"
THINKING = "{name: t, ask: thinking, gsm8k: {path: gsm8k/test.jsonl, num_problems: 2}}"
HARNESS = "{name: h, harness: {tasks: {hellaswag: {dataset: Rowan/hellaswag, metric: acc}}}}"
ROWS = [{"question": "1 + 2?", "answer": "#### 3"}, {"question": "2 + 2?", "answer": "#### 4"}]


@pytest.fixture
def asking(study, tmp_path):
    def make(*suites, more=()):
        return study(f"eval.suites=[{', '.join(suites)}]", f"data_root={tmp_path}", f"store={tmp_path / 'runs'}", *more)

    return make


def put(folder, name="gsm8k/test.jsonl"):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def asked_of(config, key="eval:sft"):
    literals = arm_graph(config)[key].literals["config"]
    return [suite["name"] for suite in literals["suites"]], [each["suite"] for each in literals.get("missing", [])]


def said(call, *args):
    heard = io.StringIO()
    call(*args, Console(file=heard, width=300)) if call is not say_absent else call(Console(file=heard), *args)
    return heard.getvalue()


def test_the_suites_that_have_their_files_go_on(asking, tmp_path):
    config = asking(GSM8K, WORLD, CODE, PROBE, THINKING)
    check_prompts([config])
    assert asked_of(config) == (["w"], ["g", "c", "r", "t"])
    assert asked_of(config, "eval:pretrain") == (["w"], ["g", "r", "t"])
    put(tmp_path)
    assert asked_of(config) == (["g", "w", "t"], ["c", "r"])


def test_each_that_is_missing_is_one_line_with_how_to_get_it(asking):
    config = asking(GSM8K, WORLD, CODE, PROBE)
    lines = said(say_absent, [config, config]).splitlines()
    assert lines == [
        "warning: suite 'g' is not asked: gsm8k/test.jsonl is not below data_root; get it: curl -fL --create-dirs "
        "-o DATA_ROOT/gsm8k/test.jsonl "
        "https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data/test.jsonl",
        "warning: suite 'c' is not asked: mine.jsonl is not below data_root; put it there or correct `path` "
        "(humaneval: https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz)",
        "warning: suite 'r' is not asked: gsm8k/train.jsonl is not below data_root; get it: curl -fL --create-dirs "
        "-o DATA_ROOT/gsm8k/train.jsonl "
        "https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data/train.jsonl",
    ]
    assert said(say_absent, [asking(WORLD)]) == ""


def test_what_is_missing_is_another_eval_and_no_more_of_it_counts(asking, tmp_path):
    def fingerprint(*suites):
        return arm_graph(asking(*suites))["eval:sft"].fingerprint

    alone, missing = fingerprint(WORLD), fingerprint(WORLD, GSM8K)
    assert alone != missing
    assert fingerprint(WORLD, GSM8K.replace("num_problems: 2", "num_problems: 1")) == missing
    put(tmp_path)
    there = fingerprint(WORLD, GSM8K)
    assert there not in (alone, missing)
    (tmp_path / "gsm8k/test.jsonl").unlink()
    assert fingerprint(WORLD, GSM8K) == missing


@pytest.mark.parametrize("suites", [(GSM8K, PROBE), (CODE,), (HARNESS,), (GSM8K, HARNESS)])
def test_where_everything_is_missing_there_is_no_eval(suites, asking):
    with pytest.raises(UserError, match=r"^the eval has nothing to ask: suite '[a-z]' is not asked: .*; (get|put) .*$"):
        arm_graph(asking(*suites))


def test_a_folder_that_is_none_and_a_file_outside_are_still_refused(study, tmp_path):
    with pytest.raises(UserError, match=r"data_root .*nowhere is no folder"):
        arm_graph(study(f"eval.suites=[{WORLD}, {GSM8K}]", f"data_root={tmp_path / 'nowhere'}"))
    put(tmp_path)
    outside = GSM8K.replace("gsm8k/test.jsonl", f"{tmp_path}/gsm8k/test.jsonl")
    with pytest.raises(UserError, match="give a path below data_root"):
        arm_graph(study(f"eval.suites=[{WORLD}, {outside}]", f"data_root={tmp_path}"))


def test_completions_of_a_suite_that_is_missing_are_said_not_to_be_scored(asking, tmp_path):
    put(tmp_path)
    lines = [
        {"task": "gsm8k", "problem": 0, "completion": "#### 3", "label": True},
        {"task": "humaneval", "problem": 0, "completion": "pass"},
    ]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = asking(GSM8K, CODE, PROBE, more=(f"completions={tmp_path / 'answers.jsonl'}",))
    text = said(score_completions, [((), config)])
    assert "c/humaneval is not scored: mine.jsonl is not below data_root; put it there" in text
    assert "100.0 %" in next(line for line in text.splitlines() if line.strip().startswith("g "))
    assert "r/gsm8k" not in text


def test_the_lines_after_an_eval_name_suites_and_benchmarks():
    summary = {"missing": {"g": "why"}, "benchmarks": {"h": {"missing": {"hellaswag": "because"}}}}
    assert list(absent_lines(summary)) == ["suite 'g' was not asked: why", "h/hellaswag was not asked: because"]
    assert list(absent_lines({"suites": {}})) == []


def test_a_corpus_that_is_not_held_against_a_benchmark_is_named():
    tasks = {"one": {"dataset": "a/b", "checksums": {}}, "two": {"dataset": "a/c", "checksums": {"f": "1"}}}
    literals = {"suites": [{"name": "h", "harness": {"tasks": tasks}}, {"name": "g"}]}
    shared = {"stage": "curate", "label": "mine", "version": "1", "parents": {}, "seed": 0, "work": 1.0}
    nodes = [Node(kind=kind, literals=literals, **shared) for kind in ("curate", "measure")]
    (line,) = said(say_absent, [], nodes).splitlines()
    assert line.startswith("warning: corpus 'mine' is not held against one: their data are not below data_root;")
