"""Cost of each arm, and where each number comes from."""

import pandas as pd

from pipeline.core.duration import format_count
from pipeline.report.checkpoints import BEFORE
from pipeline.report.cost import TOTAL
from pipeline.report.frames import records
from pipeline.report.provenance import BETWEEN
from pipeline.report.table import MISSING, Cell, Column, Table, head, number, text_cell

LONG = 20  # rows; longer lists are folded


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
        note="FLOPs are counted in training only.",
    )


def provenance_table(frame: pd.DataFrame) -> Table:
    """One row a checkpoint and seed: its folders, config, plans, shards and the line that repeats it."""
    titles = ["checkpoint", "seed", "state", "scores", "weights", "config", "data", "commit", "command"]
    is_first = ~frame["anchor"].duplicated()  # ids are unique: a cell's link leads to its first seed
    rows: list[list[Cell]] = [
        [
            head(_name(r["pretrain"], r["sft"]), r["anchor"] if first else ""),
            text_cell(f"{r['seed']}"),
            text_cell(r["state"]),
            _folder(r["scores"], r["scores_fingerprint"]),
            _folder(r["weights"], r["weights_fingerprint"]),
            _about(r["config"], r["card"]),
            _data(r["plans"], r["shards"]),
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
        note="Links open folders and files of the store: rows.parquet under scores holds every problem; record.json "
        "holds config, parents, ledger, versions and checksums; data are the plans of each mix, then the shards.",
        is_long=len(rows) > LONG,
    )


def artifact_table(frame: pd.DataFrame) -> Table:
    """Every artifact of the sweep once. frame: `provenance.every_artifact`."""
    rows = [
        [
            head(r["label"]),
            text_cell(r["stage"]),
            text_cell(f"{r['seed']}"),
            _folder(r["folder"], r["fingerprint"]),
            Cell(text=r["content"][:12], sort=r["content"], is_code=True),
            number(r["seconds"], ",.1f"),
            number(r["arms"], ".0f"),
            text_cell(r["stale"] or "no"),
        ]
        for r in records(frame)
    ]
    words = [Column(title=title, is_number=False) for title in ("artifact", "stage", "seed", "fingerprint", "content")]
    return Table(
        name="artifacts",
        caption="Every artifact behind this page",
        columns=[*words, Column(title="seconds"), Column(title="used by arms"), Column(title="stale", is_number=False)],
        rows=rows,
        frame=frame,
        is_long=True,
    )


def _about(config: str, card: str) -> Cell:
    """Links to the record, which holds the config, and to the model card."""
    links = tuple((name, path) for name, path in (("record", config), ("card", card)) if path)
    return Cell(text="" if links else MISSING, sort=config, links=links)


def _data(plans: str, shards: str) -> Cell:
    """Links to plans and shards, as `provenance` writes them."""
    links: list[tuple[str, str]] = []
    for kind, entries in (("plan", plans), ("shards", shards)):
        for entry in filter(None, entries.split(BETWEEN)):
            name, _, path = entry.partition("=")
            links.append((f"{kind} {name}", path))
    return Cell(text="" if links else MISSING, sort=plans, links=tuple(links), is_prose=True)


def _name(pretrain: str, sft: str) -> str:
    return f"{pretrain}, {sft}" if sft == BEFORE else f"{pretrain} > {sft}"


def _folder(path: str, fingerprint: str) -> Cell:
    return Cell(text=fingerprint[:12] or MISSING, sort=fingerprint, link=path, is_code=bool(fingerprint))


def _count(value: float) -> Cell:
    if value == 0:
        return Cell(text=MISSING, sort=0.0)
    return Cell(text=format_count(value) if value < 1e15 else f"{value:.2e}", sort=float(value))
