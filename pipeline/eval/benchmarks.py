"""The harness's suites among an eval's: opened together, asked one after another, summarised apart.

Their rows have a kind of their own, so that no accuracy, format share or graded metric ever counts one of them.
The harness itself is loaded only where a suite asks for it.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.eval.examinee import Examinee
from pipeline.tasks.suite import Suite

if TYPE_CHECKING:
    from pipeline.eval.harness.run import Benchmarks

BENCHMARK = "benchmark"  # the kind of their rows


@contextmanager
def open_benchmarks(
    suites: Sequence[Suite], examinee: Examinee, study_key: str, data_root: Path | None
) -> Generator[list["Benchmarks"]]:
    """The benchmarks of each suite that is one of the harness's; the network is off until they close.

    Raises UserError where a suite contradicts the harness.
    """
    asked = [(suite.name, suite.harness) for suite in suites if suite.harness is not None]
    with ExitStack() as stack:
        if not asked:
            yield []
            return
        from pipeline.eval.harness.run import open_suite

        opened = (open_suite(name, suite, examinee, study_key, data_root) for name, suite in asked)
        yield [stack.enter_context(each) for each in opened]


def summarise_benchmarks(rows: pd.DataFrame, benchmarks: Sequence["Benchmarks"]) -> dict[str, Any]:
    """Suite to its summary (`harness.summary`), from all rows of an eval."""
    from pipeline.eval.harness.summary import summarise_suite

    return {each.name: summarise_suite(rows, each) for each in benchmarks}
