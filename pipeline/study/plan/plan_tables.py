"""The two tables of a plan: what is read, and what it takes."""

from rich.markup import escape
from rich.table import Table

from pipeline.core.duration import format_count
from pipeline.study.plan.plan_parts import ArmPlan, SourceRow, Stretch

_UNKNOWN = "?"


def source_table(plan: ArmPlan) -> Table:
    """One row a stretch of training and corpus."""
    table = Table("stretch", "corpus", box=None)
    for title in ("share", "to be read", "unique tokens", "documents", "passes", "allowed"):
        table.add_column(title, justify="right")
    table.add_column("size")
    for stretch in plan.stretches:
        for row in stretch.rows:
            table.add_row(*(escape(cell) for cell in _source(stretch, row)))
    return table


def _source(stretch: Stretch, row: SourceRow) -> tuple[str, ...]:
    held = row.size.holding
    passes = _UNKNOWN if row.passes is None else f"{row.passes:.3g}"
    declared = row.size.declared
    known = "declared, unverified" if declared and declared.unverified else row.size.known
    return (
        stretch.name,
        row.corpus,
        f"{row.share:.1%}",
        f"{format_count(row.planned)} {stretch.config.unit.replace('_', ' ')}",
        format_count(held.num_tokens) if held else _UNKNOWN,
        format_count(held.num_documents) if held else _UNKNOWN,
        f"{passes}{' of a part' if row.is_part else ''}",
        f"{stretch.config.max_repetitions[row.corpus]:g}",
        known,
    )


def compute_table(plan: ArmPlan) -> Table:
    """One row a stretch of training, and one of them all."""
    machine = plan.study.plan
    table = Table("stretch", box=None)
    for title in (
        "input tokens",
        "rows of",
        "rows a step",
        "steps",
        "FLOPs",
        "GPU-hours",
        f"days on {machine.gpus} GPUs",
    ):
        table.add_column(title, justify="right")
    for stretch in plan.stretches:
        hours = stretch.gpu_hours(machine)
        table.add_row(
            stretch.name,
            f"{'' if stretch.is_known else '>= '}{format_count(stretch.input_tokens)}",
            f"{stretch.config.sequence_length}",
            f"{stretch.training.batch_rows}",
            f"{stretch.steps:,.0f}",
            f"{stretch.flops:.3g}",
            f"{hours:,.3g}" if hours < 100 else f"{hours:,.0f}",
            f"{hours / machine.gpus / 24:.3g}",
        )
    hours = sum(stretch.gpu_hours(machine) for stretch in plan.stretches)
    flops = sum(stretch.flops for stretch in plan.stretches)
    tokens = sum(stretch.input_tokens for stretch in plan.stretches)
    table.add_row(
        "all", format_count(tokens), "", "", "", f"{flops:.3g}", f"{hours:,.0f}", f"{hours / machine.gpus / 24:.3g}"
    )
    return table
