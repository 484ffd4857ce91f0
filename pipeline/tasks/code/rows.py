"""Problems of HumanEval (Chen et al. 2021, arXiv:2107.03374), MBPP (Austin et al. 2021, arXiv:2108.07732) and
CRUXEval-O (Gu et al. 2024, arXiv:2401.03065), from the files that their authors publish.

Prompts are the benchmarks' own: HumanEval's as it stands, MBPP's question without solved examples in the words
that the harness uses, CRUXEval's direct prompt with its two examples. MBPP's tests run behind a row's
`test_setup_code`, which the harness leaves out (of the test split only problem 367 has one, and cannot be
passed there).
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError
from pipeline.tasks.code.check import Check, LiteralCheck, ProgramCheck
from pipeline.tasks.code.config import Benchmark, CodeSuite
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.score import TaskProblem

Row = Mapping[str, Any]

_HUMANEVAL_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")  # Chen et al., section 2.2
_MBPP_TEST = range(11, 511)  # task ids of the test split
_MBPP_PROMPT = (
    "You are an expert Python programmer, and here is your task: {text} "
    "Your code should pass these tests:\n\n{tests}\n[BEGIN]\n"
)
_CRUXEVAL_PROMPT = """\
You are given a Python function and an assertion containing an input to the function. Complete the assertion with \
a literal (no unsimplified expressions, no function calls) containing the output when executing the provided code \
on the given input, even if the function is incorrect or incomplete. Do NOT output any extra information. Provide \
the full assertion with the correct output in [ANSWER] and [/ANSWER] tags, following the examples.

[PYTHON]
def f(n):
    return n
assert f(17) == ??
[/PYTHON]
[ANSWER]
assert f(17) == 17
[/ANSWER]

[PYTHON]
def f(s):
    return s + "a"
assert f("x9j") == ??
[/PYTHON]
[ANSWER]
assert f("x9j") == "x9ja"
[/ANSWER]

[PYTHON]
{code}
assert f({input}) == ??
[/PYTHON]
[ANSWER]
"""


def code_problems(suite: CodeSuite, data_root: Path | None) -> Iterator[TaskProblem]:
    """The first problems of the benchmark's test split, in the file's order.

    Raises UserError where data_root or the file is missing, where the file is another one, and where it is too short.
    """
    if data_root is None:
        raise UserError(f"suite of {suite.path} reads files and data_root is not set; give data_root=PATH")
    read = _READERS[suite.benchmark]
    rows = list(islice(_test_rows(data_root / suite.path, suite.benchmark), suite.num_problems))
    if len(rows) < (suite.num_problems or 1):
        asked = f"fewer than num_problems={suite.num_problems}; ask fewer"
        raise UserError(f"{suite.path} has {len(rows)} test problems of {suite.benchmark}, {asked}")
    return (read(row, suite.limits) for row in rows)


def _test_rows(path: Path, benchmark: Benchmark) -> Iterator[Row]:
    for where, row in _json_lines(path, benchmark):
        if any(type(row.get(field)) is not kind for field, kind in _FIELDS[benchmark].items()):
            fields = ", ".join(f"`{field}`" for field in _FIELDS[benchmark])
            raise UserError(f"{where} lacks one of the fields {fields}; is this {benchmark}?")
        if benchmark != "mbpp" or row["task_id"] in _MBPP_TEST:
            yield row


def _json_lines(path: Path, benchmark: Benchmark) -> Iterator[tuple[str, Row]]:
    if not path.is_file():
        raise UserError(f"{benchmark} file {path} does not exist; put it below data_root or change the suite's `path`")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = json.loads(line)
                yield f"{path}:{number}", row if isinstance(row, dict) else {}
    except (ValueError, OSError, EOFError) as error:
        raise UserError(f"{benchmark} file {path} is no JSON lines ({error}); get it again") from error


def _humaneval(row: Row, limits: Limits) -> TaskProblem:
    check = ProgramCheck(
        before=row["prompt"],
        after=f"{row['test']}\ncheck({row['entry_point']})",
        stops=_HUMANEVAL_STOPS,
        limits=limits,
    )
    return _problem("humaneval", row["task_id"], row["prompt"], row["canonical_solution"], check)


def _mbpp(row: Row, limits: Limits) -> TaskProblem:
    tests = "\n".join(row["test_list"])
    after = f"{row['test_setup_code']}\n{tests}" if row["test_setup_code"] else tests
    prompt = _MBPP_PROMPT.format(text=row["text"], tests=tests)
    check = ProgramCheck(before="", after=after, stops=("[DONE]",), limits=limits)
    return _problem("mbpp", f"mbpp/{row['task_id']}", prompt, row["code"], check)


def _cruxeval(row: Row, _limits: Limits) -> TaskProblem:
    prompt = _CRUXEVAL_PROMPT.format(code=row["code"], input=row["input"])
    check = LiteralCheck(call=f"f({row['input']})")
    return _problem("cruxeval", f"cruxeval/{row['id']}", prompt, row["output"], check)


def _problem(benchmark: Benchmark, name: str, prompt: str, answer: str, check: Check) -> TaskProblem:
    return TaskProblem(
        id=name,
        task=benchmark,
        domain="code",
        depth=0,
        template="",
        structure="",
        held_out=False,
        prompt=prompt,
        answer=answer,
        choices=(),
        check=check,
    )


_READERS: Mapping[Benchmark, Callable[[Row, Limits], TaskProblem]] = {
    "humaneval": _humaneval,
    "mbpp": _mbpp,
    "cruxeval": _cruxeval,
}
_FIELDS: Mapping[Benchmark, Mapping[str, type]] = {
    "humaneval": dict.fromkeys(("task_id", "prompt", "canonical_solution", "test", "entry_point"), str),
    "mbpp": {"task_id": int, "text": str, "code": str, "test_list": list, "test_setup_code": str},
    "cruxeval": dict.fromkeys(("id", "code", "input", "output"), str),
}
