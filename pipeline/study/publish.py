"""The page and the table: what the store holds, drawn by the report room."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Store, Wanted
from pipeline.core.track import Silent
from pipeline.study.graph import arm_name
from pipeline.study.results import arm_results, artifacts
from pipeline.study.schema import Study
from pipeline.study.sweep import Point
from pipeline.study.terminal import say

Arm = tuple[Point, Study]


def write_report(arms: Sequence[Arm], console: Console) -> None:
    """Write the page from what is there, print the table and the page's path. The same content is not drawn twice."""
    from pipeline.report.config import VERSION, Report
    from pipeline.report.report import report

    first = arms[0][1]
    found = artifacts(list(arms))
    if not any(artifact.record.stage == "eval" for artifact in found):
        raise UserError("nothing was evaluated yet; run the arm or the sweep first, then stage=report")
    name = first.sweep.name if first.sweep else "arm"
    config = Report(title=_title(first), sweep=name, note=first.recipe_says)
    results = [arm_results(point, study) for point, study in arms]
    wanted = Wanted(
        stage="report",
        label=name,
        version=str(VERSION),
        literals={"config": config.literals(), "arms": [f"{result.name} seed {result.seed}" for result in results]},
        parents=tuple(found),
        seed=first.seed,
    )

    def draw(out: Path) -> Ledger:
        return report(config, results, out=out, track=Silent())

    page = Store(first.context.store, lock_kind=first.context.lock).build(wanted, draw)
    print_arms(arms, console)
    say(console, f"page: {page.folder / 'index.html'}")


def print_arms(arms: Sequence[Arm], console: Console) -> None:
    """The result table on the terminal."""
    from pipeline.report.terminal import grid_table

    console.print(grid_table([arm_results(point, study) for point, study in arms]))


def _title(study: Study) -> str:
    return study.sweep.says if study.sweep and study.sweep.says else f"One arm: {arm_name(study)}"
