"""What `stage=` can name: the graph's stages, the report, and the store's questions; one table, no logic of its own."""

import sys
from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.store import Store
from pipeline.study import questions
from pipeline.study.graph import arm_graph, corpus_graph
from pipeline.study.node import Node, distinct
from pipeline.study.publish import print_arms, write_report
from pipeline.study.runner import Failure, Runner
from pipeline.study.schema import Study, parse
from pipeline.study.suggest import nearest
from pipeline.study.survey import Survey, survey
from pipeline.study.sweep import Point, compose_arms, points
from pipeline.study.verbs import STAGES
from pipeline.study.view import View

Arm = tuple[Point, Study]
Question = Callable[[Sequence[Arm], Console], None]

QUESTIONS: dict[str, Question] = {
    "report": write_report,
    "ls": questions.ls,
    "why": questions.why,
    "verify": questions.verify,
    "gc": questions.gc,
}
BUILDING = ("all", *STAGES)


def execute(config: DictConfig, *, is_multirun: bool) -> None:
    """Do what the command line asks for. Exits 1 where a stage failed, 2 (through UserError) where it asks wrongly."""
    study = parse(config)
    overrides = tuple(HydraConfig.get().overrides.task)
    check_stage(study)
    console = Console()
    if study.stage in QUESTIONS:
        QUESTIONS[study.stage](arms_asked_about(study, overrides), console)
        return
    if study.sweep and not is_multirun:
        raise UserError(
            f"sweep={study.sweep.name} without -m would run one arm only; give `frontload -m {' '.join(overrides)}`"
        )
    arms = [(overrides, study)]
    failures = build(arms, console)
    report_failures(failures, arms, console)
    if not is_multirun and study.stage == "all":
        print_arms(arms, console)


def check_stage(study: Study) -> None:
    """Refuse an unknown stage, or force without one."""
    known = [*BUILDING, *QUESTIONS]
    if study.stage not in known:
        raise UserError(f"there is no stage '{study.stage}'; {nearest(study.stage, known)}")
    if study.force and study.stage not in STAGES:
        raise UserError(f"force=true builds one named stage again; give stage=NAME ({', '.join(STAGES)})")


def arms_asked_about(study: Study, overrides: Point) -> list[Arm]:
    """The arms that a question is about: one, or those of the named sweep at every seed that has results."""
    if study.sweep is None:
        return [(overrides, study)]
    given = any(override.startswith("seed=") for override in overrides)
    arms = compose_arms(points(study.sweep, overrides))
    seed = study.seed
    while not given:
        seed += 1
        more = compose_arms(points(study.sweep, (*overrides, f"seed={seed}")))
        if not any(_has_results(arm) for _, arm in more):
            break
        arms += more
    return arms


def _has_results(study: Study) -> bool:
    store = Store(study.context.store, lock_kind=study.context.lock)
    node = arm_graph(study)["eval:pretrain"]
    return store.find(node.stage, node.fingerprint) is not None


def chosen_nodes(study: Study) -> list[Node]:
    """The nodes that `stage=` (and `corpus=`) name in one arm."""
    graph = corpus_graph(study, study.corpus) if study.corpus else arm_graph(study)
    nodes = [node for node in graph.values() if study.stage in ("all", node.stage)]
    if not nodes:
        raise UserError(f"stage '{study.stage}' has nothing to do with one corpus; leave out corpus={study.corpus}")
    return nodes


def build(arms: Sequence[Arm], console: Console) -> list[Failure]:
    """Build what the arms ask for, shared stages once, over the workers."""
    first = arms[0][1]
    targets = [node for _, study in arms for node in chosen_nodes(study)]
    forced = frozenset(node.fingerprint for node in targets) if first.force else frozenset[str]()
    store = Store(first.context.store, lock_kind=first.context.lock)
    found = survey(distinct(targets), store, forced)
    runner = Runner(context=first.context, group=first.sweep.name if first.sweep else "single", forced=forced)
    view = View(
        console, found.todo, min(runner.num_workers, max(len(found.todo), 1)), questions.seconds_per_work(found)
    )
    say_plan(arms, found, view, console)
    return runner.build(found, view)


def say_plan(arms: Sequence[Arm], found: Survey, view: View, console: Console) -> None:
    """One line before anything starts: arms, stages, what is there already, how long the rest may take."""
    if not found.todo:
        if len(arms) > 1:
            console.print(f"{len(arms)} arms: all {len(found.nodes)} stages are done already", highlight=False)
        return
    console.print(
        f"{len(arms)} arm{'s' * (len(arms) > 1)}, {len(found.nodes)} stages (shared ones counted once): "
        f"{len(found.done)} done already, {len(found.todo)} to build, about {questions.minutes(view.seconds_left())}",
        highlight=False,
    )


def report_failures(failures: Sequence[Failure], arms: Sequence[Arm], console: Console) -> None:
    """Name each failure, its cause and the command that repeats it; exit 2 if all are the user's, 1 otherwise."""
    if not failures:
        return
    for failure in failures:
        console.print(f"[red]failed[/] {failure.node.stage} {failure.node.label}: {failure.error}", highlight=False)
        command = questions.command_for(failure.node, arms)
        console.print(f"       again: {command}", highlight=False, soft_wrap=True)
    sys.exit(2 if all(isinstance(failure.error, UserError) for failure in failures) else 1)
