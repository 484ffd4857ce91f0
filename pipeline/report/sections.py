"""The page's sections in order: what each says, which tables and figures it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.report import breakdown, corpora
from pipeline.report.checkpoints import Checkpoint, points_of
from pipeline.report.config import Report
from pipeline.report.cost import cost, cost_by_stage
from pipeline.report.differences import PRETRAINING, SFT, baselines_of, differences
from pipeline.report.figures.draw import Drawing
from pipeline.report.figures.forest import forest
from pipeline.report.figures.heat import heat_map
from pipeline.report.figures.lines import depth_lines, loss_lines, score_lines
from pipeline.report.figures.reflect import reflection_lines
from pipeline.report.kept import kept_scores
from pipeline.report.learning import curves
from pipeline.report.provenance import provenance
from pipeline.report.reflection import measured, reflection_curves
from pipeline.report.results import ArmResult
from pipeline.report.scores import ACCURACY, METRICS
from pipeline.report.table import Table
from pipeline.report.tables import contrasts, data, families, grids, origins, reflection


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page; its figures stand above its tables."""

    id: str
    title: str
    says: str
    figures: list[Drawing]
    tables: list[Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What all sections draw from, read once."""

    config: Report
    results: Sequence[ArmResult]
    models: list[Checkpoint]
    scores: pd.DataFrame
    cells: pd.DataFrame  # `grid`
    contrasts: pd.DataFrame  # `differences`
    figures: Path  # where figure files go
    out: Path


def all_contrasts(config: Report, models: list[Checkpoint], scores: pd.DataFrame) -> pd.DataFrame:
    """Differences of every metric against the config's baselines."""
    baselines = baselines_of(models, config.pretrain_baseline, config.sft_baseline)
    return differences(models, scores, METRICS, baselines=baselines)


def sections(material: Material) -> list[Section]:
    """All sections that have something to show, in the page's order."""
    makers = (_grid, _differences, _depth, _families, _lookup, _bits, _curves, _reflection)
    made = [maker(material) for maker in (*makers, _corpora, _mixes, _cost, _provenance)]
    return [section for section in made if section.tables or section.figures]


def _grid(material: Material) -> Section:
    headline = material.cells[material.cells["metric"] == ACCURACY.name]
    return Section(
        id="grid",
        title="The grid",
        says="Rows: what the second part of pretraining held. Columns: the same models before SFT, and after each SFT. "
        f"Every number leads to the run it comes from. {grids.SPREAD}",
        figures=_drawn(heat_map(material.models, headline, material.figures)),
        tables=[table for metric in METRICS for table in grids.grid_tables(material.models, material.cells, metric)],
    )


def _differences(material: Material) -> Section:
    baselines = baselines_of(material.models, material.config.pretrain_baseline, material.config.sft_baseline)
    tables = [
        contrasts.contrast_table(material.contrasts, side, METRICS, baselines)
        for side in (PRETRAINING, SFT)
        if side in set(material.contrasts["side"])
    ]
    headline = material.contrasts[material.contrasts["metric"] == ACCURACY.name]
    return Section(
        id="differences",
        title="Differences",
        says="Verdicts come with claims; these are differences. Many are shown, so the largest of them flatters.",
        figures=_drawn(forest(headline, material.figures)),
        tables=tables,
    )


def _depth(material: Material) -> Section:
    frame = breakdown.by_depth(material.scores)
    return Section(
        id="depth",
        title="By depth",
        says="Depth is the number of true reasoning steps between question and answer.",
        figures=_drawn(depth_lines(material.models, frame, material.figures)),
        tables=[families.depth_table(frame)] if len(frame) else [],
    )


def _families(material: Material) -> Section:
    frame = breakdown.by_family(material.scores)
    tables = [families.family_table(frame)] if len(frame) else []
    says = "Breadth shows here: which families a checkpoint can do at all."
    return Section(id="families", title="By family", says=says, figures=[], tables=tables)


def _lookup(material: Material) -> Section:
    frame = breakdown.lookup(material.scores)
    tables = families.lookup_tables(frame, points_of(material.models)) if len(frame) else []
    says = (
        "Questions that need no reasoning, which every arm has seen: the format apart from the skill. Where these "
        "are high, a zero elsewhere means that the model cannot, not that it was never shown the format."
    )
    return Section(id="lookup", title="Answer format, apart", says=says, figures=[], tables=tables)


def _bits(material: Material) -> Section:
    frame = breakdown.bits_per_byte(material.models)
    tables = families.bits_tables(frame, points_of(material.models))
    says = "What reasoning data costs, or gives, on ordinary text."
    return Section(id="bits", title="Bits per byte", says=says, figures=[], tables=tables)


def _curves(material: Material) -> Section:
    frame = curves(material.models)
    drawing = loss_lines(material.models, frame, material.figures)
    tables = [data.curve_table(frame)] if len(frame) else []
    scores = kept_scores(material.models)
    drawings = _drawn(drawing) + _drawn(score_lines(material.models, scores, material.figures))
    tables += [data.kept_table(scores)] if len(scores) else []
    says = "Losses of different mixes are over different text: compare each line with itself."
    return Section(id="curves", title="Learning curves", says=says, figures=drawings, tables=tables)


def _reflection(material: Material) -> Section:
    frame = reflection_curves(measured(material.models))
    suites = [frame[frame["suite"] == suite] for suite in dict.fromkeys(frame["suite"])]
    drawings = [drawing for suite in suites for drawing in _drawn(reflection_lines(suite, material.figures))]
    tables = [reflection.reflection_table(frame)] if len(frame) else []
    says = "Each question is put with a chain of thought that goes wrong in one step; the model goes on from its end."
    return Section(id="reflection", title="Reflection", says=says, figures=drawings, tables=tables)


def _corpora(material: Material) -> Section:
    frame = corpora.cards(material.results)
    tables = [data.card_table(frame)] if len(frame) else []
    says = "Diversity, depth and quality as measured, not as intended."
    return Section(id="corpora", title="The corpora", says=says, figures=[], tables=tables)


def _mixes(material: Material) -> Section:
    frame = corpora.mixes(material.results)
    tables = [data.mix_table(frame)] if len(frame) else []
    gap = (frame["asked_share"] - frame["obtained_share"]).abs().max() if len(frame) else 0.0
    says = (
        "Shares asked of each mix beside those that reached the model, after packing, cropping and masking. "
        f"The largest gap between the two is {100 * gap:.2f} points."
    )
    return Section(id="mixes", title="Asked and obtained", says=says, figures=[], tables=tables)


def _cost(material: Material) -> Section:
    tables = [origins.stage_table(cost_by_stage(material.results)), origins.cost_table(cost(material.results))]
    says = "Tokens, FLOPs and seconds as counted while the stages ran; seconds depend on the machine."
    return Section(id="cost", title="Cost", says=says, figures=[], tables=tables if material.results else [])


def _provenance(material: Material) -> Section:
    frame = provenance(material.models, out=material.out)
    says = "Each cell's scores and weights, the line that repeats it, and what is stale or missing."
    tables = [origins.provenance_table(frame)] if len(frame) else []
    return Section(id="provenance", title="Where the numbers come from", says=says, figures=[], tables=tables)


def _drawn(drawing: Drawing | None) -> list[Drawing]:
    return [drawing] if drawing else []
