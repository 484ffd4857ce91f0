"""HumanEval's and MBPP's own solutions in the sandbox: all must pass; broken ones must not. And what the walls cost.

    .venv/bin/python benchmarks/sandbox.py ../shared/data

`own`: the published solutions. `broken`: the same, each `return` returning an object that equals nothing else. The
cost is that of an empty program, as a ratio to a bare `python -I -S -c ''`, alternating within one run.
"""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from rich.console import Console

from pipeline.tasks.code.config import Benchmark, CodeSuite
from pipeline.tasks.code.rows import code_problems
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.sandbox.run import run_python
from pipeline.tasks.score import TaskProblem, score_all

SETS: tuple[tuple[Benchmark, str, int], ...] = (
    ("humaneval", "humaneval/HumanEval.jsonl.gz", 164),
    ("mbpp", "mbpp/mbpp.jsonl", 500),
)
ROUNDS = 20


def outcomes(problems: list[TaskProblem]) -> Counter[str]:
    """What became of the problems' own answers."""
    return Counter(
        score.outcome or "no code" for score in score_all(problems, [problem.answer for problem in problems])
    )


def broken(problems: list[TaskProblem]) -> list[TaskProblem]:
    """Problems whose own answer returns an object without meaning; those without a `return` are left out."""
    changed = [
        replace(problem, answer=problem.answer.replace("return ", "return object() or ")) for problem in problems
    ]
    return [new for new, old in zip(changed, problems, strict=True) if new.answer != old.answer]


def cost() -> float:
    """Seconds of an empty sandboxed program over those of a bare interpreter; medians of alternating runs."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * ROUNDS):
        start = perf_counter()
        if turn % 2:
            run_python("", Limits())
        else:
            subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
        times[turn % 2 == 1].append(perf_counter() - start)
    return sorted(times[True])[ROUNDS // 2] / sorted(times[False])[ROUNDS // 2]


def main(data_root: Path) -> None:
    """Print a line for each set."""
    console = Console()
    for benchmark, path, count in SETS:
        suite = CodeSuite(benchmark=benchmark, path=path, num_problems=count)
        problems = list(code_problems(suite, data_root))
        start = perf_counter()
        own = outcomes(problems)
        rate = len(problems) / (perf_counter() - start)
        console.print(f"{benchmark}: own {dict(own)}, {rate:.0f} programs/s; broken {dict(outcomes(broken(problems)))}")
    console.print(f"an empty program: {cost():.1f} x a bare interpreter")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
