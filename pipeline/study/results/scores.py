"""After `stage=eval`: what each checkpoint scored, suite by suite, correctness and format and calibration apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from pipeline.core.store import Store
from pipeline.study.nodes.absences import absent_lines
from pipeline.study.nodes.node import Node
from pipeline.study.terminal import say

_PARTS = (("reasoning", ""), ("held_out", "held-out families"), ("lookup", "look-up"))
_HEADS = (
    "suite",
    "",
    "n",
    "correct",
    "95 %",
    "chance",
    "well-formed",
    "correct if so",
    "cut",
    "graded",
    "Brier",
    "ECE",
)
_Cell = Mapping[str, Any]


def show_scores(nodes: Sequence[Node], store: Store, console: Console) -> None:
    """A table and the folder of each eval that the store has."""
    for node in nodes:
        artifact = store.find(node.stage, node.fingerprint)
        if artifact is None:
            continue
        summary = orjson.loads((artifact.folder / "summary.json").read_bytes())
        table = Table(*_HEADS, title=node.label, title_justify="left", box=None)
        for name, suite in summary["suites"].items():
            for row in _rows(name, suite):
                table.add_row(*row)
        if table.row_count:
            console.print(table)
        for line in (*_lines(summary), *absent_lines(summary)):
            say(console, line)
        say(console, f"rows and summary: {artifact.folder}")


def _rows(name: str, suite: _Cell) -> Iterator[tuple[str, ...]]:
    for part, says in _PARTS:
        cell = suite[part]
        if cell["n"]:
            span = f"{100 * cell['accuracy_low']:.1f} - {100 * cell['accuracy_high']:.1f}"
            shares = ("chance", "well_formed", "accuracy_given_well_formed", "cut", "graded")
            counts = (name, says, f"{cell['n']:,}", _percent(cell["accuracy"]), span)
            yield (*counts, *(_percent(cell[key]) for key in shares), _number(cell["brier"]), _number(cell["ece"]))


def _lines(summary: _Cell) -> Iterator[str]:
    """pass@k, and the benchmarks with what the harness's metric says."""
    for name, suite in summary["suites"].items():
        if "sampled" in suite:
            sampled = suite["sampled"]
            cell = sampled["reasoning"]
            passes = ", ".join(f"pass@{k} {_percent(value)}" for k, value in cell["pass_at_k"].items())
            drawn = f"{sampled['samples']} samples at temperature {sampled['temperature']:g}"
            yield f"{name}: {passes}; majority {_percent(cell['majority'])} ({cell['n']:,} problems, {drawn})"
    for kind in ("benchmarks", "probes"):
        if kind in summary:
            yield f"{kind} in summary.json: {', '.join(summary[kind])}"
    if "sandbox" in summary:
        yield sandbox_line(summary["sandbox"])


def sandbox_line(runs: _Cell) -> str:
    """What became of the programs that were run (`eval.executed.summarise_runs`)."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in runs["outcomes"].items() if count)
    return f"sandbox: {runs['runs']:,} programs run: {kinds}; {runs['runs_that_tried']:,} tried to get out"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
