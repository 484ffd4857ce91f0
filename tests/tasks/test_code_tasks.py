"""Code benchmarks: rows to problems, completions to code by the published rules, one score for each."""

import gzip
import json
from pathlib import Path

import pytest
from sandboxes import needs_sandbox

from pipeline.core.errors import UserError
from pipeline.tasks.code.check import LiteralCheck, ProgramCheck
from pipeline.tasks.code.config import CodeSuite
from pipeline.tasks.code.extract import extract_code, extract_literal, program
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.score import score, score_all
from pipeline.tasks.suite import Suite, load_suite

SHARED = Path(__file__).parents[3] / "shared" / "data"
LIMITS = Limits(cpu_seconds=2, wall_seconds=60)

HALF = {
    "task_id": "HumanEval/0",
    "prompt": 'def half(n: int) -> int:\n    """ Half of n, rounded down. """\n',
    "entry_point": "half",
    "canonical_solution": "    return n // 2\n",
    "test": "\n\n\ndef check(candidate):\n    assert candidate(5) == 2\n    assert candidate(-1) == -1\n",
}
DOUBLE = {
    "task_id": 11,
    "text": "Write a function to double a number.",
    "code": "def double(n):\r\n  return two * n",
    "test_setup_code": "two = 2",
    "test_list": ["assert double(2) == 4", "assert double(0) == 0", "assert double(-1) == -2"],
    "challenge_test_list": [],
}
COUNT = {"id": "sample_0", "code": "def f(s):\n    return (len(s), s)", "input": "'ab'", "output": "(2, 'ab')"}


def problems(tmp_path, benchmark, *rows, count=1):
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code = CodeSuite(benchmark=benchmark, path="rows.jsonl", num_problems=count, limits=LIMITS)
    return load_suite(Suite(name="code", code=code), study_key="k", data_root=tmp_path)


# ------------------------------------------------------------------------------------------------------- rows


def test_humaneval_is_asked_as_it_stands(tmp_path):
    (problem,) = problems(tmp_path, "humaneval", HALF)
    assert (problem.id, problem.task, problem.domain) == ("HumanEval/0", "humaneval", "code")
    assert (problem.prompt, problem.answer, problem.choices) == (HALF["prompt"], "    return n // 2\n", ())
    assert problem.check.after == HALF["test"] + "\ncheck(half)"


def test_mbpp_is_asked_in_the_harness_words_and_only_of_its_test_split(tmp_path):
    rows = [{**DOUBLE, "task_id": task} for task in (10, 11, 510, 511)]
    asked = problems(tmp_path, "mbpp", *rows, count=2)
    assert [problem.id for problem in asked] == ["mbpp/11", "mbpp/510"]
    assert asked[0].prompt == (
        "You are an expert Python programmer, and here is your task: Write a function to double a number. "
        "Your code should pass these tests:\n\n"
        "assert double(2) == 4\nassert double(0) == 0\nassert double(-1) == -2\n[BEGIN]\n"
    )
    assert asked[0].check.after.startswith("two = 2\nassert double(2) == 4\n")
    with pytest.raises(UserError, match="has 2 test problems of mbpp, fewer than num_problems=3"):
        problems(tmp_path, "mbpp", *rows, count=3)


def test_cruxeval_is_asked_for_the_value_of_a_call(tmp_path):
    (problem,) = problems(tmp_path, "cruxeval", COUNT)
    assert problem.prompt.endswith(
        "[PYTHON]\ndef f(s):\n    return (len(s), s)\nassert f('ab') == ??\n[/PYTHON]\n[ANSWER]\n"
    )
    assert (problem.answer, problem.check) == ("(2, 'ab')", LiteralCheck(call="f('ab')"))


def test_a_gzipped_file_reads_the_same(tmp_path):
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(HALF) + "\n")
    packed = CodeSuite(benchmark="humaneval", path="rows.jsonl.gz", num_problems=1, limits=LIMITS)
    assert load_suite(Suite(name="code", code=packed), study_key="k", data_root=tmp_path) == problems(
        tmp_path, "humaneval", HALF
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "humaneval file .* does not exist; put it below data_root"),
        ('{"task_id": 1}\n', r"rows\.jsonl:1 lacks one of the fields `task_id`, `prompt`, .*; is this humaneval\?"),
        ("[1]\n", "lacks one of the fields"),
        ("nonsense\n", "is no JSON lines"),
    ],
)
def test_a_file_that_is_something_else_is_refused(content, told, tmp_path):
    if content is not None:
        (tmp_path / "rows.jsonl").write_text(content)
    suite = Suite(name="code", code=CodeSuite(benchmark="humaneval", path="rows.jsonl", num_problems=1))
    with pytest.raises(UserError, match=told):
        load_suite(suite, study_key="k", data_root=tmp_path)
    with pytest.raises(UserError, match="data_root is not set"):
        load_suite(suite, study_key="k", data_root=None)


# ------------------------------------------------------------------------------------------------- extraction

ASKED = ProgramCheck(before="def f():\n", after="assert f()", stops=("\ndef", "\nprint"), limits=LIMITS)


@pytest.mark.parametrize(
    ("completion", "code"),
    [
        ("    return 1<|end|>", "    return 1"),
        ("    return 1", "    return 1"),  # no end mark is needed
        ("    return 1\n\ndef g():\n    pass<|end|>", "    return 1\n"),
        ("    x = 1\n    return x\nprint(f())\ndef g(): pass", "    x = 1\n    return x"),
        ("    return 1\n```\nThat was easy.", "    return 1\n"),
        ("Here:\n```python\ndef f():\n    return 1\ndef g(): ...\n```\nDone.", "def f():\n    return 1\ndef g(): ..."),
        ("```\ndef f(): return 1\n```\nor\n```\ndef f(): return 2\n```", "def f(): return 1"),
        ("```python\ndef f(): return 1\ndef g(): ...", "def f(): return 1\ndef g(): ..."),
        ("<think>\ndef g(): ...\n</think>    return 1<|end|>", "    return 1"),
        ("<think>it never ends", None),
        ("<|end|>", None),
        (" \n\n<|end|>", None),
        ("```python\n```", None),
    ],
)
def test_code_is_taken_out_by_the_published_rules(completion, code):
    assert extract_code(ASKED, completion) == code


def test_a_program_is_prompt_code_and_tests():
    assert program(ASKED, "    return 1") == "def f():\n    return 1\nassert f()"
    assert program(ASKED, "def f():\n    return 1") == "def f():\n\ndef f():\n    return 1\nassert f()"


@pytest.mark.parametrize(
    ("completion", "literal"),
    [
        ("assert f('ab') == (2, 'ab')\n[/ANSWER] and more", "(2, 'ab')"),
        ("[ANSWER]\nassert g == [1]\n[/ANSWER]", "[1]"),
        ("<think>f('ab') == 3</think>(2, 'ab')<|end|>", "(2, 'ab')"),
        (" {1: 2} ", "{1: 2}"),
        ("assert f('ab') == f('ab')", None),
        ("assert f('ab')", None),
        ("", None),
    ],
)
def test_a_literal_is_taken_out_by_the_benchmarks_own_rule(completion, literal):
    assert extract_literal(LiteralCheck(call="f('ab')"), completion) == literal


# ------------------------------------------------------------------------------------------------------ scores


@pytest.mark.parametrize("literal", ["(2, 'ab')", '(2,"ab")', "(2.0, 'a' 'b')", "(True + 1j - 1j, 'ab')"])
def test_a_literal_of_the_same_value_is_right(literal, tmp_path):
    (problem,) = problems(tmp_path, "cruxeval", COUNT)
    found = score(problem, literal)
    assert found.correct is (literal != "(True + 1j - 1j, 'ab')")  # that is an expression, and not even a literal


@pytest.mark.parametrize(
    "answer",
    [
        "f",
        "__import__('os').system('true')",
        "(2, 'ab'",
        "[0] * 10**9",
        "(" * 5000,
        "-" * 9000 + "1",
        "9" * 9999,
        "'" + "x" * 20_000 + "'",
        "{[]: 1}",
        "\0",
    ],
)
def test_what_is_no_literal_is_not_well_formed_and_never_run(answer, tmp_path):
    (problem,) = problems(tmp_path, "cruxeval", COUNT)
    found = score(problem, answer)
    assert (found.answer, found.correct, found.well_formed) == (None, False, False)
    assert found.error.startswith("no literal: ")


def test_a_wrong_literal_is_well_formed(tmp_path):
    (problem,) = problems(tmp_path, "cruxeval", COUNT)
    found = score(problem, "assert f('ab') == [2, 'ab']")
    assert (found.answer, found.correct, found.well_formed, found.error) == ("[2, 'ab']", False, True, None)


@needs_sandbox
def test_programs_are_scored_by_running_them(tmp_path):
    (problem,) = problems(tmp_path, "humaneval", HALF)
    told = []
    completions = [
        "    return n // 2<|end|>",
        "    return n / 2<|end|>",
        "    return n //<|end|>",
        "",
        "    return open('/etc/passwd')<|end|>",
        "    while True: pass<|end|>",
    ]
    right, wrong, broken, empty, blocked, endless = score_all([problem] * 6, completions, told.append)
    assert (right.correct, right.well_formed, right.answer, right.outcome, right.error) == (
        True,
        True,
        "    return n // 2",
        "passed",
        None,
    )
    assert (wrong.correct, wrong.well_formed, wrong.error) == (False, True, "failed: AssertionError")
    assert (broken.well_formed, broken.answer, broken.error) == (False, None, "failed: SyntaxError: invalid syntax")
    assert (empty.well_formed, empty.error, empty.outcome) == (False, "no code", None)
    assert (blocked.outcome, blocked.tried) == ("blocked", ("open '/etc/passwd'",))
    assert (endless.outcome, endless.error) == ("timed out", "timed out: over 2 s of processor time")
    assert sum(told) == 6


@needs_sandbox
def test_tasks_of_all_kinds_are_scored_together_and_in_order(tmp_path):
    (half,), (double,), (count,) = (
        problems(tmp_path, *row) for row in (("humaneval", HALF), ("mbpp", DOUBLE), ("cruxeval", COUNT))
    )
    asked = [count, half, double, half, count]
    said = ["(2, 'ab')", "    return 7", DOUBLE["code"] + "\n[DONE]", HALF["canonical_solution"], "0"]
    scores = score_all(asked, said)
    assert [found.correct for found in scores] == [True, False, True, True, False]
    assert scores == [score(problem, text) for problem, text in zip(asked, said, strict=True)]


# ---------------------------------------------------------------------------------------------- published sets


def published(benchmark, path, count):
    suite = Suite(name="code", code=CodeSuite(benchmark=benchmark, path=path, num_problems=count))
    return load_suite(suite, study_key="k", data_root=SHARED)


@needs_sandbox
@pytest.mark.skipif(not (SHARED / "humaneval").exists(), reason="needs ../shared/data/humaneval")
def test_humanevals_own_solutions_pass_and_mutated_ones_fail():
    asked = published("humaneval", "humaneval/HumanEval.jsonl.gz", 164)
    some = [asked[i] for i in (0, 10, 32, 38, 50, 107)]  # three of them lean on a helper in the prompt
    assert [found.outcome for found in score_all(some, [problem.answer for problem in some])] == ["passed"] * 6
    mutants = [problem.answer.replace("return ", "return not ", 1) for problem in some]
    assert all(mutant != problem.answer for mutant, problem in zip(mutants, some, strict=True))
    assert [found.correct for found in score_all(some, mutants)] == [False] * 6


@needs_sandbox
@pytest.mark.skipif(not (SHARED / "mbpp").exists(), reason="needs ../shared/data/mbpp")
def test_mbpps_own_solutions_pass_also_where_tests_need_a_setup():
    asked = {problem.id: problem for problem in published("mbpp", "mbpp/mbpp.jsonl", 500)}
    some = [asked[name] for name in ("mbpp/11", "mbpp/367", "mbpp/510")]
    assert [found.outcome for found in score_all(some, [problem.answer for problem in some])] == ["passed"] * 3
    swapped = [some[1].answer, some[2].answer, some[0].answer]
    assert [found.correct for found in score_all(some, swapped)] == [False] * 3


@pytest.mark.skipif(not (SHARED / "cruxeval").exists(), reason="needs ../shared/data/cruxeval")
def test_cruxevals_own_outputs_are_right_and_neighbours_wrong():
    asked = published("cruxeval", "cruxeval/cruxeval.jsonl", 800)
    assert all(found.correct for found in score_all(asked, [problem.answer for problem in asked]))
    others = [problem.answer for problem in asked[1:]] + [asked[0].answer]
    assert sum(found.correct for found in score_all(asked, others)) < 40
