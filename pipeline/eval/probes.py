"""The probes among an eval's suites: each asked in its own way, its rows beside the others, its summary apart.

Their rows have kinds of their own, so that no accuracy, format share or graded metric ever counts one of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.reflection import num_completions, reflection_rows
from pipeline.eval.rows import Question, Row
from pipeline.eval.shifts import shift_rows
from pipeline.eval.thinking import thinking_rows
from pipeline.tasks.probes.shift_metrics import SHIFT, shift_summary
from pipeline.tasks.probes.shifts import shifted_problems
from pipeline.tasks.probes.thinking import THINKING, thinking_summary
from pipeline.tasks.reflection.items import reflection_items
from pipeline.tasks.reflection.metrics import KINDS as REFLECTION_KINDS
from pipeline.tasks.reflection.metrics import reflection_summary
from pipeline.tasks.suite import Suite, load_suite

PROBE_KINDS = (*REFLECTION_KINDS, THINKING, SHIFT)
_Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Probe:
    """A suite with its problems, ready to be asked."""

    num_completions: int  # at most
    rows: Callable[[_Advance], list[Row]]


def open_probe(config: Eval, examinee: Examinee, suite: Suite, study_key: str, data_root: Path | None) -> Probe:
    """Draw or read a probe's problems. suite: one with `is_probe`. Raises UserError as `load_suite` does."""
    if suite.reflection is not None:
        asked = suite.reflection
        items = list(reflection_items(suite.name, suite.split, asked, study_key, data_root))
        return Probe(
            num_completions(asked, items),
            lambda advance: reflection_rows(config, examinee, suite.name, asked, items, advance),
        )
    if suite.alchemy is not None:
        problems = list(shifted_problems(suite.name, suite.split, suite.alchemy, study_key))
        return Probe(len(problems), lambda advance: shift_rows(config, examinee, suite.name, problems, advance))
    questions = [
        Question(suite.name, problem, examinee.encode_prompt(problem.prompt))
        for problem in load_suite(suite, study_key=study_key, data_root=data_root)
    ]
    return Probe(2 * len(questions), lambda advance: thinking_rows(config, examinee, questions, advance))


def summarise_probes(rows: pd.DataFrame, suites: Sequence[Suite]) -> dict[str, Any]:
    """Suite to its summary, from all rows of an eval: `reflection_summary`, `shift_summary` or `thinking_summary`."""
    return {
        suite.name: _summary_of(suite)(rows[(rows["suite"] == suite.name) & rows["kind"].isin(PROBE_KINDS)])
        for suite in suites
        if suite.is_probe
    }


def _summary_of(suite: Suite) -> Callable[[pd.DataFrame], dict[str, Any]]:
    if suite.reflection is not None:
        return reflection_summary
    return shift_summary if suite.alchemy is not None else thinking_summary
