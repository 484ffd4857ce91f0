"""The metric `code_eval` of Hugging Face's `evaluate`, run in the sandbox: same arguments, same results.

The harness's HumanEval and MBPP call `evaluate.load("code_eval")`, which wants the hub and runs programs
unprotected; `CodeEval()` can stand in for what it returns. A program is a candidate, a newline and its test;
pass@k is the unbiased estimator of Chen et al. 2021 (arXiv:2107.03374, section 2.1), averaged over tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

from pipeline.tasks.sandbox.outcome import Limits, Outcome
from pipeline.tasks.sandbox.run import run_all

Results = dict[int, list[tuple[int, dict[str, Any]]]]


@dataclass(slots=True)
class CodeEval:
    """Stands in for the metric. What became of the programs can be had with `run.recorded`."""

    limits: Limits = field(default_factory=Limits)

    def compute(
        self, references: Sequence[str], predictions: Sequence[Sequence[str]], k: Sequence[int] = (1, 10, 100)
    ) -> tuple[dict[str, float], Results]:
        """pass@k for each k that every task has enough candidates for, and what became of each candidate.

        references: the test of each task. predictions: the candidates of each task.
        """
        pairs = list(zip(references, predictions, strict=True))
        outcomes = run_all([f"{code}\n{test}" for test, codes in pairs for code in codes], self.limits)
        left = iter(outcomes)
        tasks = [[next(left) for _ in codes] for _, codes in pairs]
        scores = {f"pass@{n}": _mean_pass_at(n, tasks) for n in k if all(len(task) >= n for task in tasks)}
        return scores, {task: _results(task, of_task) for task, of_task in enumerate(tasks)}


def pass_at_k(num_samples: int, num_correct: int, k: int) -> float:
    """The chance that k of the samples, drawn without replacement, hold a correct one."""
    return 1.0 - comb(num_samples - num_correct, k) / comb(num_samples, k)


def _mean_pass_at(k: int, tasks: Sequence[Sequence[Outcome]]) -> float:
    each = [pass_at_k(len(task), sum(outcome.passed for outcome in task), k) for task in tasks]
    return sum(each) / len(each)


def _results(task: int, outcomes: Sequence[Outcome]) -> list[tuple[int, dict[str, Any]]]:
    return [(i, _result(task, i, outcome)) for i, outcome in enumerate(outcomes)]


def _result(task: int, completion: int, outcome: Outcome) -> dict[str, Any]:
    said = outcome.kind if outcome.kind in ("passed", "timed out") else f"failed: {outcome.detail}"
    return {"task_id": task, "passed": outcome.passed, "result": said, "completion_id": completion}
