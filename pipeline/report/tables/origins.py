"""Cost of each arm, and where each number comes from."""

import pandas as pd

from pipeline.core.duration import format_count
from pipeline.report.checkpoints import BEFORE
from pipeline.report.cost import TOTAL
from pipeline.report.frames import records
from pipeline.report.table import MISSING, Cell, Column, Table, head, number, text_cell

LONG = 20  # rows; a longer list of arms is folded


def cost_table(frame: pd.DataFrame) -> Table:
    """One row an arm and seed, the whole sweep last."""
    rows = [
        [
            head(r["arm"]),
            text_cell("all" if r["arm"] == TOTAL else f"{r['seed']}"),
            *(_count(r[name]) for name in ("tokens", "loss_tokens", "generated_tokens", "flops")),
            number(r["seconds"], ",.0f"),
            number(r["own_seconds"], ",.0f"),
        ]
        for r in records(frame)
    ]
    numbers = ["training tokens", "with loss", "generated", "FLOPs", "seconds", "of which its own"]
    words = [Column(title="arm", is_number=False), Column(title="seed", is_number=False)]
    return Table(
        name="cost",
        caption="Cost of each arm, every stage it needs counted",
        columns=[*words, *(Column(title=title) for title in numbers)],
        rows=rows,
        frame=frame,
        note="Shared stages are in each arm's sum, but once in the last row. Its own: stages that no other arm uses.",
        is_long=len(rows) > LONG,
    )


def stage_table(frame: pd.DataFrame) -> Table:
    """Where the time went: every artifact once."""
    rows = [
        [
            head(r["stage"]),
            number(r["artifacts"], ".0f"),
            _count(r["tokens"]),
            _count(r["flops"]),
            number(r["seconds"], ",.0f"),
        ]
        for r in records(frame)
    ]
    return Table(
        name="cost_by_stage",
        caption="Cost of each stage, every artifact once",
        columns=[
            Column(title="stage", is_number=False),
            *(Column(title=title) for title in ("artifacts", "tokens read", "FLOPs", "seconds")),
        ],
        rows=rows,
        frame=frame,
    )


def provenance_table(frame: pd.DataFrame) -> Table:
    """One row a checkpoint and seed: its folders, fingerprints and the line that repeats it."""
    titles = ["checkpoint", "seed", "state", "scores", "weights", "commit", "command"]
    is_first = ~frame["anchor"].duplicated()  # ids are unique: a cell's link leads to its first seed
    rows: list[list[Cell]] = [
        [
            head(_name(r["pretrain"], r["sft"]), r["anchor"] if first else ""),
            text_cell(f"{r['seed']}"),
            text_cell(r["state"]),
            _folder(r["scores"], r["scores_fingerprint"]),
            _folder(r["weights"], r["weights_fingerprint"]),
            Cell(text=r["commit"][:10] or MISSING, sort=r["commit"], is_code=True),
            Cell(text=r["command"], sort=r["command"], is_code=True),
        ]
        for r, first in zip(records(frame), is_first, strict=True)
    ]
    return Table(
        name="provenance",
        caption="Where each number comes from, and how to repeat it",
        columns=[Column(title=title, is_number=False) for title in titles],
        rows=rows,
        frame=frame,
        note="Links open the artifact's folder: its record.json holds config, parents, ledger, versions and checksums.",
    )


def _name(pretrain: str, sft: str) -> str:
    return f"{pretrain}, {sft}" if sft == BEFORE else f"{pretrain} > {sft}"


def _folder(path: str, fingerprint: str) -> Cell:
    return Cell(text=fingerprint[:12] or MISSING, sort=fingerprint, link=path, is_code=bool(fingerprint))


def _count(value: float) -> Cell:
    return Cell(text=format_count(value) if value < 1e15 else f"{value:.2e}", sort=float(value))
