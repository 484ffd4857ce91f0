"""Sections of what stands behind the findings: corpora, mixes, cost, and the way back from every number."""

from pipeline.report import corpora
from pipeline.report.cost import cost, cost_by_stage, cost_of_arms
from pipeline.report.figures.bars import cost_bars, mix_bars
from pipeline.report.material import Material, Section, drawn
from pipeline.report.provenance import every_artifact, provenance
from pipeline.report.splits import overlap_says, overlap_table, overlaps
from pipeline.report.tables import data, origins
from pipeline.report.unasked import unasked, unasked_table


def corpora_section(material: Material) -> Section:
    """What the corpora are like."""
    frame = corpora.cards(material.results)
    tables = data.card_tables(frame) if len(frame) else []
    says = "Diversity, depth and quality as measured, not as intended."
    drawings = drawn(corpora.histograms(material.results, material.figures))
    return Section(id="corpora", nav="Corpora", title="The corpora", says=says, figures=drawings, tables=tables)


def splits_section(material: Material) -> Section:
    """That nothing was asked that was trained on."""
    frame = overlaps(material.results)
    tables = [overlap_table(frame)] if len(frame) else []
    return Section(
        id="splits", nav="Splits", title="Trained and asked, apart", says=overlap_says(frame), figures=[], tables=tables
    )


def mixes_section(material: Material) -> Section:
    """What was asked of each mix and what the model saw."""
    frame = corpora.mixes(material.results)
    tables = [data.mix_table(frame)] if len(frame) else []
    gap = (frame["asked_share"] - frame["obtained_share"]).abs().max() if len(frame) else 0.0
    says = (
        "Shares asked of each mix beside those that reached the model, after packing, cropping and masking. "
        f"The largest gap between the two is {100 * gap:.2f} points."
    )
    drawings = drawn(mix_bars(frame, material.figures))
    return Section(id="mixes", nav="Mixes", title="Asked and obtained", says=says, figures=drawings, tables=tables)


def cost_section(material: Material) -> Section:
    """What each arm and each stage cost."""
    tables = [origins.stage_table(cost_by_stage(material.results)), origins.cost_table(cost(material.results))]
    says = "Tokens, FLOPs and seconds as counted while the stages ran; seconds depend on the machine."
    drawings = drawn(cost_bars(cost_of_arms(material.results), material.figures))
    return Section(
        id="cost", nav="Cost", title="Cost", says=says, figures=drawings, tables=tables if material.results else []
    )


def provenance_section(material: Material) -> Section:
    """The way back from every number."""
    frame = provenance(material.models, out=material.out)
    says = "Each cell's scores, weights, config and data, the line that repeats it, and what is stale or missing."
    artifacts = every_artifact(material.results, out=material.out)
    tables = [origins.provenance_table(frame), origins.artifact_table(artifacts)] if len(frame) else []
    lacking = unasked(material.models)
    tables += [unasked_table(lacking)] if len(lacking) else []
    return Section(
        id="provenance", nav="Origins", title="Where the numbers come from", says=says, figures=[], tables=tables
    )
