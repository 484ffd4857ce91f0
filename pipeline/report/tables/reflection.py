"""Reflection as a table: a row for each checkpoint, suite, setting and trigger."""

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.table import Column, Table, bracket, head, number, text_cell

_WORDS = ("pretraining", "seed", "suite", "setting", "trigger")
_SHARES = {
    "explicit rate %": "explicit_rate",
    "explicit accuracy %": "explicit_accuracy",
    "implicit accuracy %": "implicit_accuracy",
    "copies %": "copy_rate",
}


def reflection_table(frame: pd.DataFrame) -> Table:
    """All of `reflection.reflection_curves`, the log-probability gap first."""
    rows = [
        [
            head(r["line"]),
            *(text_cell(f"{r[name]}") for name in ("seed", "suite", "setting", "trigger")),
            number(r["flops"], ".2e"),
            number(r["n"], ".0f"),
            number(r["gap"], ".2f"),
            number(100 * r["accuracy"], ".1f", bracket(100 * r["accuracy_low"], 100 * r["accuracy_high"])),
            *(number(100 * r[column], ".1f") for column in _SHARES.values()),
        ]
        for r in records(frame)
    ]
    numbers = ["FLOPs", "items", "gap, nats", "accuracy %", *_SHARES]
    return Table(
        name="reflection",
        caption="What checkpoints make of a wrong chain of thought",
        columns=[*(Column(title=title, is_number=False) for title in _WORDS), *(Column(title=n) for n in numbers)],
        rows=rows,
        frame=frame,
        note="Gap: log-probability of the gold answer less that of the wrong one, where the chain breaks off. Explicit "
        "and implicit accuracy sum to the accuracy. Self: questions that every checkpoint gets wrong without help.",
        is_long=len(rows) > 20,
    )
