"""The verdict table: what each claim says, the paper's number, ours with its interval, and what was matched."""

import math
from typing import Any

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.table import MISSING, Cell, Column, Table, bracket, head, number, prose
from pipeline.report.verdicts import MARKS, SAME, kind_of

MOST_OPEN = 8  # rows; more are folded, and the board above tells the chief of it
_NOTE = (
    "Points; brackets: 95 % over seeds. Primary claims were written down before the runs and share one correction; "
    "the others are exploratory. Matched: equal on both sides by the ledgers. Not matched: differs, and the claim does "
    "not say so - read such a verdict with care."
)


def verdict_table(frame: pd.DataFrame, source: str) -> Table:
    """One row a claim. frame: `verdicts.read_verdicts`; source: the verdict artifact's folder, relative to the page."""
    words = ("claim", "says", "verdict")
    numbers = ("paper", "ours", "seeds")
    rest = ("matched", "differs by design", "not matched")
    return Table(
        name="verdicts",
        caption="Every claim: the paper's number, ours, what was matched and what differs",
        columns=[
            *(Column(title=title, is_number=False) for title in words),
            *(Column(title=title) for title in numbers),
            *(Column(title=title, is_number=False) for title in rest),
        ],
        rows=[_row(record, source) for record in records(frame)],
        frame=frame,
        note=_NOTE,
        is_long=len(frame) > MOST_OPEN,
    )


def gap_table(frame: pd.DataFrame) -> Table:
    """One row a chain, mix and point. frame: `gaps.gaps`."""
    rows = [
        [
            head(f"{r['pretrain']} − {r['baseline']}"),
            Cell(text=r["chain"] if r["place"] else f"before {r['chain']}", sort=f"{r['chain']} {r['place']}"),
            Cell(text=r["at"], sort=float(r["place"])),
            number(r["gap"], "+.1f", bracket(r["low"], r["high"], "+.1f")),
            number(r["change"], "+.1f", bracket(r["change_low"], r["change_high"], "+.1f")),
            Cell(text=f"{r['seeds']} x {r['problems']}", sort=float(r["seeds"])),
        ]
        for r in records(frame)
    ]
    words = [Column(title=title, is_number=False) for title in ("gap", "chain", "at")]
    return Table(
        name="gaps",
        caption="The gap in accuracy (points), and how it changed since before SFT",
        columns=[
            *words,
            Column(title="gap"),
            Column(title="change since before SFT"),
            Column(title="seeds x problems", is_number=False),
        ],
        rows=rows,
        frame=frame,
        note="A change is a difference of differences on the same problems: below zero, later training closes the gap.",
        is_long=True,
    )


def _row(record: dict[str, Any], source: str) -> list[Cell]:
    form = "+.3f" if record.get("metric") == "bits_per_byte" else "+.1f"
    kind = kind_of(record["verdict"])
    word = "no difference" if kind == SAME else record["verdict"]
    name = Cell(
        text=record["claim"],
        sub="" if record["primary"] else "exploratory",
        sort=record["claim"],
        id=f"claim-{record['claim']}".replace(" ", "_"),
    )
    return [
        name,
        prose(record["says"]),
        Cell(text=f"{MARKS[kind]} {word}", sub=record.get("note") or "", sort=word, kind=kind, is_prose=True),
        number(_float(record["paper"]), "+.1f"),
        number(_float(record["effect"]), form, bracket(record["low"], record["high"], form), source),
        number(_float(record["seeds"]), ".0f"),
        *(prose(str(record[part]).replace("_", " ") or MISSING) for part in ("matched", "differs", "unmatched")),
    ]


def _float(value: Any) -> float:
    return math.nan if value is None or pd.isna(value) else float(value)
