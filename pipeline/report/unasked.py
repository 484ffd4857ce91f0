"""Suites and benchmarks that an eval could not ask, and why: no number of theirs is on the page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pandas as pd

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.frames import records
from pipeline.report.table import Column, Table, head, text_cell

COLUMNS = ["suite", "task", "why", "checkpoints"]


def unasked(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """COLUMNS, a row for each that is missing and why. checkpoints: how many evals lack it."""
    found: dict[tuple[str, str, str], int] = {}
    for model in models:
        if model.evaluation is not None:
            summary = orjson.loads((model.evaluation.folder / "summary.json").read_bytes())
            for each in _missing(summary):
                found[each] = found.get(each, 0) + 1
    return pd.DataFrame([(*each, count) for each, count in found.items()], columns=COLUMNS)


def unasked_table(frame: pd.DataFrame) -> Table:
    """All of `unasked`."""
    rows = [
        [head(r["suite"]), text_cell(r["task"]), text_cell(r["why"]), text_cell(f"{r['checkpoints']}")]
        for r in records(frame)
    ]
    return Table(
        name="unasked",
        caption="What was not asked, and why",
        columns=[Column(title=title, is_number=False) for title in ("suite", "task", "what is missing", "evals")],
        rows=rows,
        frame=frame,
        note="Once the files are there, the same line asks these checkpoints anew.",
        is_long=len(rows) > 20,
    )


def _missing(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Of a summary: whole suites of ours, then the harness's benchmarks one by one."""
    for name, reason in summary.get("missing", {}).items():
        yield name, "all", reason
    for name, suite in summary.get("benchmarks", {}).items():
        for label, reason in suite.get("missing", {}).items():
            yield name, label, reason
