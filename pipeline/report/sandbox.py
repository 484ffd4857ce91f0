"""Answers that were run as programs: what became of them, checkpoint by checkpoint, and how many tried to get out."""

from collections.abc import Sequence

import pandas as pd
import pyarrow.parquet as pq

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.frames import records
from pipeline.report.table import Column, Table, head, number, text_cell

KINDS = ("passed", "failed", "timed out", "memory", "output limit", "blocked")  # of `core.scores`' column `outcome`
COLUMNS = ["checkpoint", "seed", "suite", "task", "runs", *KINDS, "tried", "attempts"]


def sandbox_runs(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """COLUMNS, a row a checkpoint and task. tried: programs that tried to get out; attempts: how, and how many so."""
    found: list[list[object]] = []
    for model in models:
        if model.evaluation is None:
            continue
        rows = pq.read_table(
            model.evaluation.folder / "rows.parquet", columns=["suite", "task", "outcome", "tried"]
        ).to_pandas()
        for (suite, task), part in rows[rows["outcome"].notna()].groupby(["suite", "task"], sort=True):
            outcomes = [int((part["outcome"] == kind).sum()) for kind in KINDS]
            tried = [sorted({what.split(" ")[0] for what in each}) for each in part["tried"] if len(each)]
            attempts = pd.Series([what for each in tried for what in each], dtype=str).value_counts().sort_index()
            says = ", ".join(f"{what} {count}" for what, count in attempts.items())
            found.append([model.name, model.seed, suite, task, len(part), *outcomes, len(tried), says])
    return pd.DataFrame(found, columns=COLUMNS)


def sandbox_table(frame: pd.DataFrame) -> Table:
    """All of `sandbox_runs`."""
    counted = ("runs", *KINDS, "tried")
    rows = [
        [
            head(r["checkpoint"]),
            *(text_cell(f"{r[name]}") for name in ("seed", "suite", "task")),
            *(number(r[name], ".0f") for name in counted),
            text_cell(r["attempts"]),
        ]
        for r in records(frame)
    ]
    words = [Column(title=title, is_number=False) for title in ("checkpoint", "seed", "suite", "task")]
    numbers = [Column(title=title) for title in (*counted[:-1], "tried to get out")]
    return Table(
        name="sandbox",
        caption="Programs that checkpoints wrote",
        columns=[*words, *numbers, Column(title="what they tried", is_number=False)],
        rows=rows,
        frame=frame,
        note="Each program ran behind walls (docs/eval.md, Sandbox). Blocked: failed, within its limits, after "
        "something that is stopped. Some that tried went on and passed.",
        is_long=len(rows) > 20,
    )
