"""What is printed before anything starts: the arms, what each still needs, what is shared, and how long it may take."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.study.config.arm_names import arm_name
from pipeline.study.nodes.node import Node, distinct
from pipeline.study.nodes.verbs import STAGES
from pipeline.study.run.chosen import Arm, chosen_nodes
from pipeline.study.run.estimate import Estimate
from pipeline.study.run.survey import Survey
from pipeline.study.terminal import format_left, format_seconds, say

MOST_ARMS = 40  # that are listed one by one
_SAID = ("pretrain_mix", "sft_mix", "seed")  # by the name, or beside it


def needed_by_arm(arms: Sequence[Arm]) -> list[list[Node]]:
    """The distinct nodes of each arm."""
    return [distinct(chosen_nodes(study)) for _, study in arms]


def show_preview(
    console: Console, arms: Sequence[Arm], needed: Sequence[Sequence[Node]], found: Survey, estimate: Estimate
) -> None:
    """Two tables: by stage and by arm. Nothing where a single arm is asked for, or nothing is left to do."""
    if len(arms) < 2 or not found.todo:
        return
    uses = Counter(node.fingerprint for nodes in needed for node in nodes)
    console.print(_by_stage(found, uses, estimate))
    console.print(_by_arm(arms[:MOST_ARMS], needed, found, uses))
    if len(arms) > MOST_ARMS:
        say(console, f"... and {len(arms) - MOST_ARMS} arms more")


def headline(num_arms: int, found: Survey, seconds_left: float) -> str:
    """What is there already, and how long the rest may take."""
    arms = f"{num_arms} arm{'s' * (num_arms > 1)}"
    if not found.todo:
        return f"{arms}: all {len(found.nodes)} stages are done already"
    return (
        f"{arms}, {len(found.nodes)} stages (shared ones counted once): {len(found.done)} done already, "
        f"{len(found.todo)} to build, {format_left(seconds_left)}"
    )


def _by_stage(found: Survey, uses: Counter[str], estimate: Estimate) -> Table:
    table = Table("stage", "stages", "done", "to build", "shared by arms", "work left", box=None)
    for stage in STAGES:
        nodes = [node for node in found.nodes if node.stage == stage]
        todo = [node for node in nodes if node.fingerprint not in found.done]
        shared = sum(uses[node.fingerprint] > 1 for node in nodes)
        seconds = sum(estimate.seconds(node) for node in todo)
        counts = (len(nodes), len(nodes) - len(todo), len(todo), shared)
        if nodes:
            table.add_row(stage, *map(str, counts), format_seconds(seconds) if todo else "-")
    return table


def _by_arm(arms: Sequence[Arm], needed: Sequence[Sequence[Node]], found: Survey, uses: Counter[str]) -> Table:
    table = Table("arm", "seed", "done", "to build", "of them its own", "what is its own", box=None)
    for (_, study), name, nodes in zip(arms, _names(arms), needed, strict=False):
        todo = [node for node in nodes if node.fingerprint not in found.done]
        own = [node for node in todo if uses[node.fingerprint] == 1]
        stages = ", ".join(dict.fromkeys(node.stage for node in own))
        counts = (study.seed, len(nodes) - len(todo), len(todo), len(own))
        table.add_row(escape(name), *map(str, counts), stages or "-")
    return table


def _names(arms: Sequence[Arm]) -> list[str]:
    """What the arms are called; those that share a name and a seed, with what they set and others do not."""
    names = [arm_name(study) for _, study in arms]
    taken = Counter((name, study.seed) for name, (_, study) in zip(names, arms, strict=True))
    common = set[str]().union(*(point for point, _ in arms)).intersection(*(point for point, _ in arms))
    return [
        f"{name} [{', '.join(_own(point, common))}]" if taken[name, study.seed] > 1 else name
        for name, (point, study) in zip(names, arms, strict=True)
    ]


def _own(point: Sequence[str], common: set[str]) -> list[str]:
    return [each for each in point if each not in common and each.partition("=")[0] not in _SAID]
