"""The verb: arms in, one static page out, with its tables and figures beside it.

Writes `index.html` (self-contained: no network, styles, script and figures inside), `tables/*.csv|parquet`,
`figures/*.svg|png`, `cards/*/README.md` (model cards with scores) and `report.json`, the page as data, from which other
dashboards are made. Equal artifacts give equal bytes; links to runs are relative to `out`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.report.answer import answer
from pipeline.report.balance import seed_means
from pipeline.report.cards import write_cards
from pipeline.report.checkpoints import checkpoints
from pipeline.report.config import QUESTION, Report
from pipeline.report.facts import facts
from pipeline.report.grid import grid
from pipeline.report.material import Material, Section, all_contrasts
from pipeline.report.results import ArmResult
from pipeline.report.scores import ACCURACY, METRICS, guess_level, read_scores
from pipeline.report.sections import sections
from pipeline.report.spec import write_spec
from pipeline.report.standing import Standing, standing
from pipeline.report.verdicts import MARKS, read_verdicts, tally

_TEMPLATES = Path(__file__).parent / "templates"


def report(
    config: Report, results: Sequence[ArmResult], *, out: Path, track: Tracker, judged: Path | None = None
) -> Ledger:
    """Write the page of a sweep from whatever of it exists. out: an existing folder; judged: a verdict artifact's."""
    for folder in ("tables", "figures"):
        (out / folder).mkdir(exist_ok=True)
    material = _read(config, results, out, judged)
    track.progress(1, 3, "steps", "read the scores")
    parts = sections(material)
    for part in parts:
        for table in part.tables:
            table.save(out / "tables")
    track.progress(2, 3, "steps", "wrote tables and figures")
    guess = guess_level(material.scores)
    spent = standing(seed_means(material.scores, ACCURACY))
    sentences = answer(material.models, material.cells, material.contrasts, guess, material.verdicts, spent)
    write_spec(material, parts, sentences, out)
    write_cards(material.models, material.scores, out, config.note)
    (out / "index.html").write_text(_page(material, parts, sentences, guess, spent), encoding="utf-8")
    track.progress(3, 3, "steps", "wrote index.html")
    return Ledger(documents=len(results))


def _read(config: Report, results: Sequence[ArmResult], out: Path, judged: Path | None) -> Material:
    models = checkpoints(results)
    scores = read_scores(models)
    return Material(
        config=config,
        results=results,
        models=models,
        scores=scores,
        cells=grid(models, scores, METRICS),
        contrasts=all_contrasts(config, models, scores),
        verdicts=read_verdicts(judged),
        judged=Path(os.path.relpath(judged, out)).as_posix() if judged else "",
        figures=out / "figures",
        out=out,
    )


def _page(
    material: Material, parts: Sequence[Section], sentences: list[str], guess: float, spent: Standing | None
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup  # our own SVG, from matplotlib, which escapes its texts
    return environment.get_template("page.html.j2").render(
        config=material.config,
        question=QUESTION,
        sections=parts,
        sentences=sentences,
        facts=facts(material),
        chips=[{"kind": kind, "mark": MARKS[kind], "count": count} for kind, count in _tally(material).items()],
        metrics=METRICS,
        standing=spent,
        guess=guess,
    )


def _tally(material: Material) -> dict[str, int]:
    return tally(material.verdicts["verdict"])
