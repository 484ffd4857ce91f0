"""The page's sections in order: what each says, which tables and figures it holds."""

from pipeline.report import breakdown
from pipeline.report.backing import (
    corpora_section,
    cost_section,
    mixes_section,
    provenance_section,
    splits_section,
)
from pipeline.report.checkpoints import points_of
from pipeline.report.figures.dots import domain_dots
from pipeline.report.figures.lines import depth_lines, loss_lines, score_lines
from pipeline.report.figures.reflect import reflection_lines
from pipeline.report.findings import (
    differences_section,
    gaps_section,
    grid_section,
    response_section,
    verdicts_section,
)
from pipeline.report.kept import kept_scores
from pipeline.report.learning import curves
from pipeline.report.material import Material, Section, drawn
from pipeline.report.reflection import measured, reflection_curves
from pipeline.report.sampled import crossings, passes
from pipeline.report.sandbox import sandbox_runs, sandbox_table
from pipeline.report.tables import data, families, reflection, sampled


def sections(material: Material) -> list[Section]:
    """All sections that have something to show, in the page's order."""
    found = (verdicts_section, response_section, grid_section, gaps_section, differences_section)
    apart = (_depth, _families, _lookup, _sampled, _bits, _curves, _reflection, _sandbox)
    behind = (corpora_section, splits_section, mixes_section, cost_section, provenance_section)
    made = [maker(material) for maker in (*found, *apart, *behind)]
    return [section for section in made if section.tables or section.figures or section.id == "verdicts"]


def _depth(material: Material) -> Section:
    frame = breakdown.by_depth(material.scores)
    return Section(
        id="depth",
        nav="Depth",
        title="By depth",
        says="Depth is the number of true reasoning steps between question and answer.",
        figures=drawn(depth_lines(material.models, frame, material.figures)),
        tables=[families.depth_table(frame)] if len(frame) else [],
    )


def _families(material: Material) -> Section:
    domains, frame = breakdown.by_domain(material.scores), breakdown.by_family(material.scores)
    return Section(
        id="families",
        nav="Families",
        title="By domain and family",
        says="Breadth shows here: what a checkpoint can do at all. The ring is the share of well-formed answers, which "
        "the dot cannot exceed: far apart means that the model answers, and wrongly; together and low, that it does "
        "not answer.",
        figures=drawn(domain_dots(material.models, domains, material.figures)),
        tables=[families.domain_table(domains), families.family_table(frame)] if len(frame) else [],
    )


def _lookup(material: Material) -> Section:
    frame = breakdown.lookup(material.scores)
    tables = families.lookup_tables(frame, points_of(material.models)) if len(frame) else []
    says = (
        "Questions that need no reasoning, which every arm has seen: the format apart from the skill. Where these "
        "are high, a zero elsewhere means that the model cannot, not that it was never shown the format."
    )
    return Section(id="lookup", nav="Format", title="Answer format, apart", says=says, figures=[], tables=tables)


def _sampled(material: Material) -> Section:
    frame, crossed = passes(material.models), crossings(material.models)
    tables = [sampled.pass_table(frame)] if len(frame) else []
    tables += [sampled.crossing_table(crossed)] if len(crossed) else []
    says = "What a checkpoint can do in several attempts: where two change places, one is surer and the other broader."
    return Section(id="sampled", nav="Attempts", title="Several attempts", says=says, figures=[], tables=tables)


def _sandbox(material: Material) -> Section:
    frame = sandbox_runs(material.models)
    tables = [sandbox_table(frame)] if len(frame) else []
    says = "Code is scored by running it: what became of the programs, and what tried to get out."
    return Section(id="sandbox", nav="Sandbox", title="Programs in the sandbox", says=says, figures=[], tables=tables)


def _bits(material: Material) -> Section:
    frame = breakdown.bits_per_byte(material.models)
    tables = families.bits_tables(frame, points_of(material.models))
    says = "What reasoning data costs, or gives, on ordinary text."
    return Section(id="bits", nav="Bits per byte", title="Bits per byte", says=says, figures=[], tables=tables)


def _curves(material: Material) -> Section:
    frame = curves(material.models)
    drawing = loss_lines(material.models, frame, material.figures)
    tables = [data.curve_table(frame)] if len(frame) else []
    scores = kept_scores(material.models)
    drawings = drawn(drawing) + drawn(score_lines(material.models, scores, material.figures))
    tables += [data.kept_table(scores)] if len(scores) else []
    says = "Losses of different mixes are over different text: compare each line with itself."
    return Section(id="curves", nav="Curves", title="Learning curves", says=says, figures=drawings, tables=tables)


def _reflection(material: Material) -> Section:
    frame = reflection_curves(measured(material.models))
    suites = [frame[frame["suite"] == suite] for suite in dict.fromkeys(frame["suite"])]
    drawings = [drawing for suite in suites for drawing in drawn(reflection_lines(suite, material.figures))]
    tables = [reflection.reflection_table(frame)] if len(frame) else []
    says = "Each question is put with a chain of thought that goes wrong in one step; the model goes on from its end."
    return Section(id="reflection", nav="Reflection", title="Reflection", says=says, figures=drawings, tables=tables)
