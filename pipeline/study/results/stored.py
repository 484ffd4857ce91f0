"""`stage=score completions=FILE`: completions on file put to the scorers of the recipe's suites, and held to labels."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pipeline.core.checksum import file_checksum
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Store, Wanted
from pipeline.study.config.inputs import as_asked
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import world_key
from pipeline.study.results.scores import sandbox_line
from pipeline.study.terminal import say
from pipeline.tasks.stored import read_stored

_HEADS = ("suite", "task", "scored", "correct", "well-formed", "with label", "agree", "95 %", "only we", "only label")


def score_completions(arms: Sequence[tuple[Point, Study]], console: Console) -> None:
    """Score the file that the first arm names, print what came out and where the rows are.

    Raises UserError where no file is named, or its lines are none of the suites'.
    """
    study = arms[0][1]
    file = study.context.completions
    if file is None:
        raise UserError(
            "stage=score reads completions on file; give completions=FILE (docs/eval.md, Stored completions)"
        )
    count = len(read_stored(file))
    columns = (TextColumn("scored"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        folder = _score(study, file, bar, count)
    summary = orjson.loads((folder / "summary.json").read_bytes())
    console.print(_table(summary["tasks"]))
    for line in _lines(summary):
        say(console, line)
    say(console, f"rows and summary: {folder}")


def _score(study: Study, file: Path, bar: Progress, count: int) -> Path:
    from pipeline.eval.config import VERSION as EVAL_VERSION
    from pipeline.eval.stored import VERSION, score_stored

    root, key = study.context.data_root, world_key(study)
    asked = as_asked(study.eval, root)
    probes = {suite.name for suite in study.eval.suites if suite.is_probe}
    suites, missing = asked.suites, [absent for absent in asked.missing if absent.suite not in probes]
    literals = {"suites": [suite.literals() for suite in suites], "study_key": key, "file": file_checksum(file)}
    literals |= {"missing": [absent.literals() for absent in missing]} if missing else {}
    wanted = Wanted(
        stage="score",
        label=file.stem,
        version=f"{VERSION}.{EVAL_VERSION}",
        literals=literals,
        parents=(),
        seed=study.seed,
    )
    task = bar.add_task("scored", total=count)

    def write(out: Path) -> Ledger:
        advance = partial(bar.advance, task)
        return score_stored(suites, file, missing=missing, study_key=key, data_root=root, out=out, advance=advance)

    return Store(study.context.store, lock_kind=study.context.lock).build(wanted, write).folder


def _table(tasks: Sequence[dict[str, Any]]) -> Table:
    table = Table(*_HEADS, box=None)
    for each in tasks:
        span = "-" if each["agree_low"] is None else f"{100 * each['agree_low']:.1f} - {100 * each['agree_high']:.1f}"
        agree = each["agree"] / each["labels"] if each["labels"] else None
        only = (len(each["disagree"][side]) for side in ("right_by_us", "right_by_label"))
        shares = (_percent(each["correct"]), _percent(each["well_formed"]))
        counts = (f"{each['labels']:,}", _percent(agree), span, *(f"{number:,}" for number in only))
        table.add_row(each["suite"], each["task"], f"{each['n']:,}", *shares, *counts)
    return table


def _lines(summary: dict[str, Any]) -> Iterator[str]:
    """What could not be scored, and what tried to get out."""
    for each in summary["tasks"]:
        if each["missing"]:
            yield f"{each['suite']}/{each['task']} is not scored: {each['missing']}"
        if each["unknown"]:
            lines = each["unknown"]
            yield f"{each['suite']}/{each['task']}: {len(lines)} lines name no problem of it, first line {lines[0]}"
    if "sandbox" in summary:
        yield sandbox_line(summary["sandbox"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
