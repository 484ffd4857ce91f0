"""Sections of what was found: verdicts, the grid, the gap before and after, differences."""

from pipeline.report.board import board
from pipeline.report.differences import PRETRAINING, SFT, baselines_of
from pipeline.report.figures.forest import forest
from pipeline.report.figures.gaps import gap_lines
from pipeline.report.figures.heat import heat_map
from pipeline.report.figures.response import response_lines
from pipeline.report.figures.verdicts import verdict_forest
from pipeline.report.gaps import gaps
from pipeline.report.material import Material, Section, drawn
from pipeline.report.scores import ACCURACY, METRICS
from pipeline.report.tables import contrasts, grids, verdicts


def verdicts_section(material: Material) -> Section:
    """The claims, judged; or that nothing was."""
    frame = material.verdicts
    if frame.empty:
        says = (
            "Not judged: there are no verdicts on these arms. Claims are written in a sweep's file before it runs; "
            "until they are judged, everything below is a description, not a test."
        )
        return Section(id="verdicts", nav="Verdicts", title="Verdicts", says=says, figures=[], tables=[])
    return Section(
        id="verdicts",
        nav="Verdicts",
        title="Verdicts",
        says="Each claim was written down before the runs, with the smallest effect that would matter. The verdict is "
        "computed, never chosen. Dot: ours, with its interval; diamond: the paper's number.",
        figures=drawn(verdict_forest(frame, material.figures)),
        tables=[verdicts.verdict_table(frame, material.judged)],
        board=board(frame),
    )


def response_section(material: Material) -> Section:
    """What came of a setting that was turned in steps; nothing where none was."""
    return Section(
        id="response",
        nav="Steps",
        title="Step by step",
        says="A setting that this sweep turns, and what its arms reach at the end. The intervals are of each arm by "
        "itself; arms share their problems, so that differences between them are surer than they look.",
        figures=drawn(response_lines(material.models, material.scores, material.figures)),
        tables=[],
    )


def grid_section(material: Material) -> Section:
    """Every metric, pretrain mix by what came after."""
    headline = material.cells[material.cells["metric"] == ACCURACY.name]
    return Section(
        id="grid",
        nav="Grid",
        title="The grid",
        says="Rows: what the second part of pretraining held. Columns: the same models before SFT, and after each SFT. "
        f"Every number leads to the run it comes from. {grids.SPREAD}",
        figures=drawn(heat_map(material.models, headline, material.figures)),
        tables=[table for metric in METRICS for table in grids.grid_tables(material.models, material.cells, metric)],
    )


def gaps_section(material: Material) -> Section:
    """The gap to the baseline before SFT, after it, after RL."""
    baseline, _ = baselines_of(material.models, material.config.pretrain_baseline, material.config.sft_baseline)
    frame = gaps(material.models, material.scores, baseline)
    return Section(
        id="gaps",
        nav="Gap",
        title="The gap before and after",
        says=f"What reasoning data in pretraining is worth over '{baseline}', before SFT, after it, and after RL where "
        "there is any. Lines that fall: later training catches up. Lines that rise: it compounds.",
        figures=drawn(gap_lines(material.models, frame, material.figures)),
        tables=[verdicts.gap_table(frame)] if len(frame) else [],
    )


def differences_section(material: Material) -> Section:
    """Every mix against the baseline."""
    baselines = baselines_of(material.models, material.config.pretrain_baseline, material.config.sft_baseline)
    tables = [
        contrasts.contrast_table(material.contrasts, side, METRICS, baselines)
        for side in (PRETRAINING, SFT)
        if side in set(material.contrasts["side"])
    ]
    headline = material.contrasts[material.contrasts["metric"] == ACCURACY.name]
    return Section(
        id="differences",
        nav="Differences",
        title="Differences",
        says="Each mix against the baseline, at equal training otherwise. These describe; verdicts come with claims. "
        "Many are shown, so the largest of them flatters.",
        figures=drawn(forest(headline, material.figures)),
        tables=tables,
    )
