"""`stage=plan`: what each arm would take, as tables on the terminal. It runs nothing, and needs no network."""

from collections.abc import Sequence

from rich.console import Console

from pipeline.core.duration import format_count
from pipeline.core.errors import UserError
from pipeline.study.config.arm_names import arm_name
from pipeline.study.place import open_store
from pipeline.study.plan.plan_parts import TEXT_COMPRESSION, TEXT_COPIES, ArmPlan
from pipeline.study.plan.plan_tables import compute_table, source_table
from pipeline.study.plan.planning import distinct_hours, plan_arm
from pipeline.study.run.chosen import Arm
from pipeline.study.terminal import say


def show_plan(arms: Sequence[Arm], console: Console) -> None:
    """Print the plan of each arm. Raises UserError where one of them has too little data, once all are printed."""
    plans = [plan_arm(study, open_store(study.context)) for _, study in arms]
    for plan in plans:
        _show_arm(plan, console)
    if len(plans) > 1:
        say(console, f"all {len(plans)} arms, what they share counted once: {distinct_hours(plans):,.0f} GPU-hours")
    short = [f"{stretch.name}: {stretch.short}" for plan in plans for stretch in plan.stretches if stretch.short]
    if short:
        raise UserError(short[0])


def _show_arm(plan: ArmPlan, console: Console) -> None:
    study = plan.study
    say(console, (f"{study.recipe_name}: {arm_name(study)}, seed {study.seed}", "bold"))
    say(console, study.recipe_says)
    say(console)
    console.print(source_table(plan))
    say(console)
    console.print(compute_table(plan))
    say(console)
    _show_model(plan, console)
    _show_memory(plan, console)
    _show_disk(plan, console)
    _show_notes(plan, console)


def _show_model(plan: ArmPlan, console: Console) -> None:
    model, machine = plan.model, plan.study.plan
    say(
        console,
        f"model: {format_count(model.num_parameters)} parameters ({format_count(model.num_multiplied)} multiplied with "
        f"every token), vocabulary {plan.vocabulary:,}, {model.flops_per_token:.3g} FLOPs a token",
    )
    say(
        console,
        f"GPU-hours: FLOPs over plan.peak_tflops={machine.peak_tflops:g} (dense bf16) times plan.mfu={machine.mfu:g}, "
        "both assumed, not measured; padding, eval, RL and restarts are not counted",
    )


def _show_memory(plan: ArmPlan, console: Console) -> None:
    machine = plan.study.plan
    for stretch in {each.config.sequence_length: each for each in reversed(plan.stretches)}.values():
        parts = stretch.model.memory(stretch.training, stretch.config.sequence_length, machine.gpus)
        total = sum(parts.values())
        named = ", ".join(f"{name} {_size(count)}" for name, count in parts.items() if count)
        fits = "fits" if total < machine.memory_gb * 1e9 else "DOES NOT FIT"
        say(
            console,
            f"memory of one GPU, {stretch.name} ({stretch.training.parallel}, {machine.gpus} GPUs): {_size(total)} of "
            f"{machine.memory_gb:g} GB, {fits}: {named}; by rule, not measured, nothing recomputed",
        )


def _show_disk(plan: ArmPlan, console: Console) -> None:
    parts, text = plan.disk(), f"{plan.study.plan.bytes_a_token:g} bytes a token, {TEXT_COPIES} copies"
    named = "; ".join(f"{name} {_size(count)}" for name, count in parts.items() if count)
    unknown = [corpus for corpus, size in plan.corpora.items() if size.holding is None]
    left_out = f" (not known, and left out: {', '.join(unknown)})" if unknown else ""
    say(
        console,
        f"disk: {_size(sum(parts.values()))}: {named}{left_out}; text taken as {text}, "
        f"{TEXT_COMPRESSION:g} to 1 compressed; corpora count whole",
    )


def _show_notes(plan: ArmPlan, console: Console) -> None:
    if again := [f"{corpus} {passes:.3g}" for corpus, passes in plan.passes_in_all().items()]:
        say(console, f"passes in all, of what several stretches read: {', '.join(again)}")
    for corpus, size in plan.corpora.items():
        if size.declared:
            say(console, f"declared {corpus}: {format_count(size.declared.tokens)} tokens, by {size.declared.by}")
        for doubt in size.declared.unverified if size.declared else ():
            say(console, ("  unverified", "yellow"), f" {doubt}")
    for stretch in plan.stretches:
        if stretch.short:
            say(console, ("too little data", "red"), f" {stretch.name}: {stretch.short}")
    say(console)


def _size(num_bytes: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if num_bytes >= size:
            return f"{num_bytes / size:.3g} {unit}"
    return f"{num_bytes / 1e3:.3g} kB"
