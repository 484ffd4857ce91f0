"""What `stage=` can name: stages, the report, published tasks, the store's questions; one table, without logic."""

import shlex
import sys
from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study import questions
from pipeline.study.chosen import chosen_nodes, command_for
from pipeline.study.door import complain
from pipeline.study.fit import check_prompts, check_sandbox
from pipeline.study.follow import check_ranks
from pipeline.study.graph import arm_graph
from pipeline.study.node import distinct
from pipeline.study.parsing import parse
from pipeline.study.place import make_writable, open_store
from pipeline.study.publish import write_report
from pipeline.study.runner import Failure, Runner
from pipeline.study.schema import Study
from pipeline.study.scores import show_scores
from pipeline.study.suggest import nearest
from pipeline.study.survey import Survey, survey
from pipeline.study.sweep import Point, compose_arms, points
from pipeline.study.tasks import publish_tasks
from pipeline.study.terminal import format_left, make_console, say
from pipeline.study.verbs import STAGES
from pipeline.study.view import View

Arm = tuple[Point, Study]
Question = Callable[[Sequence[Arm], Console], None]

QUESTIONS: dict[str, Question] = {
    "report": write_report,
    "publish": publish_tasks,
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
    console = make_console()
    if is_multirun:
        check_is_done(study)
    elif study.stage in QUESTIONS:
        open_store(study.context)
        QUESTIONS[study.stage](arms_asked_about(study, overrides), console)
    elif study.sweep:
        line = shlex.join(["frontload", "-m", *overrides])
        raise UserError(f"sweep={study.sweep.name} without -m would run one arm only; give `{line}`")
    else:
        run_arm((overrides, study), console)


def run_arm(arm: Arm, console: Console) -> None:
    """One arm, or one stage of it; the page and the table after the whole."""
    report_failures(build([arm], console), [arm], console)
    if arm[1].stage == "all":
        write_report([arm], console)
    if arm[1].stage == "eval":
        show_scores(chosen_nodes(arm[1]), open_store(arm[1].context), console)


def check_is_done(study: Study) -> None:
    """A job of a multirun: `SweepCallback` has built its stages already, over all arms at once."""
    store = open_store(study.context)
    missing = survey(distinct(chosen_nodes(study)), store).todo
    assert not missing, f"not built before the jobs: {', '.join(node.label for node in missing)}"


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
    node = arm_graph(study)["eval:pretrain"]
    return open_store(study.context).find(node.stage, node.fingerprint) is not None


def build(arms: Sequence[Arm], console: Console) -> list[Failure]:
    """Build what the arms ask for, shared stages once, over the workers."""
    first = arms[0][1]
    targets = [node for _, study in arms for node in chosen_nodes(study)]
    forced = frozenset(node.fingerprint for node in targets) if first.force else frozenset[str]()
    found = survey(distinct(targets), open_store(first.context), forced)
    runner = Runner(context=first.context, group=first.sweep.name if first.sweep else "single", forced=forced)
    view = View(console, found, min(runner.num_workers, max(len(found.todo), 1)))
    if found.todo:
        check_ranks(found.todo)
        check_prompts(study for _, study in arms)
        check_sandbox(found.todo)
        make_writable(first.context.store)
    say(console, _plan(len(arms), found, view))
    return runner.build(found, view)


def _plan(num_arms: int, found: Survey, view: View) -> str:
    """What is there already, and how long the rest may take."""
    arms = f"{num_arms} arm{'s' * (num_arms > 1)}"
    if not found.todo:
        return f"{arms}: all {len(found.nodes)} stages are done already"
    return (
        f"{arms}, {len(found.nodes)} stages (shared ones counted once): {len(found.done)} done already, "
        f"{len(found.todo)} to build, {format_left(view.seconds_left())}"
    )


def report_failures(failures: Sequence[Failure], arms: Sequence[Arm], console: Console) -> None:
    """Say for each failure the command that repeats it; exit 2 if all are the user's to mend, 1 otherwise."""
    if not failures:
        return
    for failure in failures:
        complain(f"{failure.node.stage} {failure.node.label}: {failure.error}")
        say(console, f"again: {command_for(failure.node, arms)}")
    sys.exit(2 if all(isinstance(failure.error, UserError) for failure in failures) else 1)
