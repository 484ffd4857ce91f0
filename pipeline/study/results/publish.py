"""The page and the table, drawn by the report room from what the store holds; and the same for W&B."""

from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.core.track import Silent
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import arm_name
from pipeline.study.results import dashboard
from pipeline.study.results.judging import verdict_artifact
from pipeline.study.results.results import artifacts, sweep_results
from pipeline.study.results.tasks import publish_tasks
from pipeline.study.secrets import without_secrets
from pipeline.study.terminal import say

Arm = tuple[Point, Study]
DASHBOARD_VERSION = 1  # raised when the same page would give another dashboard


def write_report(arms: Sequence[Arm], console: Console) -> None:
    """Write the page from what is there, print the table and the page's path. The same content is not drawn twice."""
    page = draw_page(arms, console)
    print_arms(arms, console)
    say(console, f"page: {page.folder / 'index.html'}")


def publish(arms: Sequence[Arm], console: Console) -> None:
    """For others: of a sweep its W&B report; of one arm its eval problems for lm_eval, and its report if it was run."""
    if arms[0][1].sweep is None:
        publish_tasks(arms, console)
        if not any(artifact.record.stage == "eval" for artifact in artifacts(list(arms))):
            return
    publish_dashboard(arms, console)


def draw_page(arms: Sequence[Arm], console: Console | None = None) -> Artifact:
    """The page's artifact, built if need be. console: is told before it is drawn, which may take a minute.

    Raises UserError where nothing was evaluated.
    """
    from pipeline.report.config import VERSION, Report

    first = arms[0][1]
    found, results = artifacts(list(arms)), sweep_results(arms)
    if not any(stage.stage == "eval" for result in results for stage in result.stages.values()):
        raise UserError("nothing was evaluated yet; run the arm or the sweep first, then stage=report")
    stored = {artifact.fingerprint for artifact in found}
    others = [stage for result in results for stage in result.stages.values() if stage.fingerprint not in stored]
    committed = sorted({(stage.fingerprint, stage.content) for stage in others})
    name = first.sweep.name if first.sweep else "arm"
    config = Report(title=_title(first), sweep=name, note=first.recipe_says)
    verdicts = verdict_artifact(arms) if first.sweep and first.sweep.claims else None
    wanted = Wanted(
        stage="report",
        label=name,
        version=str(VERSION),
        literals={
            "config": config.literals(),
            "arms": [f"{result.name} seed {result.seed}" for result in results],
            **({"committed": committed} if committed else {}),
        },
        parents=(*found, *([verdicts] if verdicts else [])),
        seed=first.seed,
    )

    def draw(out: Path) -> Ledger:
        from pipeline.report.report import report

        if console:
            say(console, f"drawing the page of {len(results)} run{'s' * (len(results) != 1)}")
        return report(config, results, out=out, track=Silent(), judged=verdicts.folder if verdicts else None)

    return _store(first).build(wanted, draw)


def publish_dashboard(arms: Sequence[Arm], console: Console) -> None:
    """Send the page to W&B as a report; without a server write what would be sent, and say what is missing.

    Raises UserError where nothing was evaluated, or where W&B refuses.
    """
    study, page = arms[0][1], draw_page(arms)
    spec = orjson.loads((page.folder / "report.json").read_bytes())
    folder = _write_dashboard(study, page, spec)
    absent = dashboard.missing(study.context.tracking)
    say(console, f"W&B report: {folder}")
    for line in absent:
        say(console, f"not sent to W&B: {line}")
    if not absent:
        say(console, f"sent to W&B: {_send(spec, folder)}")


def print_arms(arms: Sequence[Arm], console: Console) -> None:
    """The result table on the terminal."""
    from pipeline.report.terminal import grid_table

    console.print(grid_table(sweep_results(arms)))


def _write_dashboard(study: Study, page: Artifact, spec: dict[str, object]) -> Path:
    """`report.json` (the page as data) and `report.md`."""
    wanted = Wanted(
        stage="publish",
        label=page.record.label,
        version=f"dashboard-{DASHBOARD_VERSION}",
        literals={},
        parents=(page,),
        seed=study.seed,
    )

    def write(out: Path) -> Ledger:
        (out / "report.json").write_bytes(orjson.dumps(spec, option=orjson.OPT_INDENT_2))
        (out / "report.md").write_text(dashboard.as_markdown(spec), encoding="utf-8")
        return Ledger()

    return _store(study).build(wanted, write).folder


def _send(spec: dict[str, object], folder: Path) -> str:
    """The report's address. W&B raises whatever its parts raise, so any exception counts."""
    import wandb

    try:
        report = dashboard.build(spec, wandb.Api().default_entity or "")
        report.save()
    except Exception as error:
        reason = without_secrets(" ".join(str(error).split())[:300])
        raise UserError(f"W&B did not take the report ({reason}); what was to be sent lies in {folder}") from error
    return str(report.url)


def _store(study: Study) -> Store:
    return Store(study.context.store, lock_kind=study.context.lock)


def _title(study: Study) -> str:
    return study.sweep.says if study.sweep and study.sweep.says else f"One arm: {arm_name(study)}"
