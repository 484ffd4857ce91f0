"""Answers that are run: refused where they cannot be isolated, and counted by what became of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

import pandas as pd

from pipeline.eval.rows import Question
from pipeline.tasks.code.check import ProgramCheck
from pipeline.tasks.sandbox.outcome import Kind
from pipeline.tasks.sandbox.ready import require_sandbox


def count_programs(questions: Sequence[Question]) -> int:
    """How many of the questions are answered by code that will be run."""
    return sum(isinstance(question.problem.check, ProgramCheck) for question in questions)


def check_isolation(questions: Sequence[Question]) -> None:
    """Raises UserError, before anything is generated, where code is asked for and the sandbox cannot be had."""
    if count_programs(questions):
        require_sandbox()


def summarise_runs(rows: pd.DataFrame) -> dict[str, Any]:
    """What became of the programs.

    `runs` programs, `outcomes` by kind; `runs_that_tried` to get out, and `tried`: how many runs tried each thing.
    """
    runs = rows[rows["outcome"].notna()]
    outcomes = Counter(runs["outcome"])
    attempts = [set(tried) for tried in runs["tried"] if len(tried)]
    return {
        "runs": len(runs),
        "outcomes": {kind: outcomes[kind] for kind in get_args(Kind)},
        "runs_that_tried": len(attempts),
        "tried": dict(sorted(Counter(what.split(" ")[0] for tried in attempts for what in tried).items())),
    }
