"""Sampled answers as tables: pass@k of each checkpoint, and the k at which two of them change places."""

import math

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.table import Cell, Column, Table, head, number, text_cell


def pass_table(frame: pd.DataFrame) -> Table:
    """All of `sampled.passes`, a column for each k."""
    ks = sorted(set(frame["k"]))
    rows: list[list[Cell]] = []
    for (name, seed, suite), part in frame.groupby(["checkpoint", "seed", "suite"], sort=False):
        shares = dict(zip(part["k"], part["pass_at_k"], strict=True))
        first = records(part)[0]
        cells = [number(100 * shares.get(k, math.nan)) for k in ks]
        asked = [number(first["problems"], ".0f"), number(first["samples"], ".0f")]
        rows.append(
            [
                head(str(name)),
                text_cell(f"{seed}"),
                text_cell(str(suite)),
                *asked,
                *cells,
                number(100 * first["majority"]),
            ]
        )
    titles = ["problems", "samples", *(f"pass@{k} %" for k in ks), "majority %"]
    words = [Column(title=title, is_number=False) for title in ("checkpoint", "seed", "suite")]
    return Table(
        name="sampled",
        caption="Answered many times",
        columns=[*words, *(Column(title=title) for title in titles)],
        rows=rows,
        frame=frame,
        note="pass@k: the chance that one of k samples is right (unbiased, Chen et al. 2021). Majority: whether the "
        "answer that most samples give is right.",
        is_long=len(rows) > 20,
    )


def crossing_table(frame: pd.DataFrame) -> Table:
    """All of `sampled.crossings`."""
    rows = [
        [
            head(r["first"]),
            *(text_cell(f"{r[name]}") for name in ("second", "seed", "suite")),
            number(r["problems"], ".0f"),
            number(100 * r["first_gap"], "+.1f"),
            number(100 * r["last_gap"], "+.1f"),
            text_cell(_crossed(r["k"], r["last"])),
            text_cell(f"[{_crossed(r['low'], r['last'])}, {_crossed(r['high'], r['last'])}]"),
            number(100 * r["share"], ".0f"),
        ]
        for r in records(frame)
    ]
    words = ("first", "second", "seed", "suite")
    titles = ("problems", "gap at smallest k", "gap at largest k", "crossover k", "95 %", "turns in % of resamples")
    return Table(
        name="crossover",
        caption="Where two checkpoints change places",
        columns=[
            *(Column(title=title, is_number=False) for title in words),
            *(Column(title=title) for title in titles),
        ],
        rows=rows,
        frame=frame,
        note="Gap: pass@k of the first less that of the second, in points. Crossover k: the smallest k at which the "
        "one behind at k = 1 is ahead; > 8: none up to 8. Interval: paired bootstrap over problems.",
        is_long=len(rows) > 20,
    )


def _crossed(k: float | None, last: int) -> str:
    return f"> {last}" if k is None or math.isnan(k) else f"{int(k)}"
