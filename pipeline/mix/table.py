"""A plan as a table: as JSON beside the plan, and for the terminal."""

from typing import Any

from pipeline.core.duration import format_count
from pipeline.core.plan import MixPlan, PlannedSource


def table(plan: MixPlan) -> list[dict[str, Any]]:
    """One row per corpus: asked share, planned count, what the corpus holds, passes over it."""
    return [_row(plan, source) for source in plan.sources]


def _row(plan: MixPlan, source: PlannedSource) -> dict[str, Any]:
    row = {
        "corpus": source.corpus,
        "share": round(source.share, 6),
        plan.unit: source.planned,
        "unique_tokens": source.unique_tokens,
        "unique_documents": source.num_documents,
        f"{plan.unit}_per_document": round(source.unit_per_document, 3),
        "passes": round(source.passes, 4),
    }
    whole = source.subset
    return row | ({"of_documents": whole.num_documents, "of_tokens": whole.unique_tokens} if whole else {})


def show(plan: MixPlan) -> str:
    """The plan as a table to be printed before anything runs; `may be off` is the tolerance of the obtained share."""
    unit = plan.unit.replace("_", " ")
    lines = [
        f"{'corpus':<12} {'share':>7} {unit:>12} {'unique tokens':>14} {'documents':>10} {'passes':>7} "
        f"{'may be off':>11}"
    ]
    lines += [
        f"{source.corpus:<12} {source.share:>7.1%} {format_count(source.planned):>12} "
        f"{format_count(source.unique_tokens):>14} {format_count(source.num_documents):>10} {source.passes:>7.2f} "
        f"{plan.tolerance(source):>11.2%}{_of(source)}"
        for source in plan.sources
    ]
    return "\n".join([*lines, f"{'all':<12} {1:>7.1%} {format_count(plan.budget):>12}"])


def _of(source: PlannedSource) -> str:
    if source.subset is None:
        return ""
    return f"  (a part: the corpus holds {format_count(source.subset.unique_tokens)})"
