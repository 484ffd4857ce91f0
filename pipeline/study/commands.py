"""What `stage=` can name: stages, the report, published tasks, the store's questions; one table, without logic."""

import shlex
from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study import questions
from pipeline.study.config.contradictions import check_contradictions
from pipeline.study.config.parsing import parse
from pipeline.study.config.schema import Study
from pipeline.study.config.suggest import nearest
from pipeline.study.config.sweep import Point, compose_arms, points
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.absences import say_absent
from pipeline.study.nodes.node import distinct
from pipeline.study.nodes.verbs import STAGES
from pipeline.study.place import open_store
from pipeline.study.plan.plan_view import show_plan
from pipeline.study.results.advising import show_advice
from pipeline.study.results.cards import show_cards
from pipeline.study.results.committed import open_committed
from pipeline.study.results.crossover import show_crossover
from pipeline.study.results.export import export
from pipeline.study.results.judging import show_power, write_verdicts
from pipeline.study.results.measured import at_seeds
from pipeline.study.results.publish import publish, write_report
from pipeline.study.results.scores import show_scores
from pipeline.study.results.stored import score_completions
from pipeline.study.results.telling import tell
from pipeline.study.run.building import build, report_failures
from pipeline.study.run.chosen import chosen_nodes
from pipeline.study.run.launch import check_launcher
from pipeline.study.run.survey import survey
from pipeline.study.terminal import make_console

Arm = tuple[Point, Study]
Question = Callable[[Sequence[Arm], Console], None]

QUESTIONS: dict[str, Question] = {
    "report": write_report,
    "plan": show_plan,
    "publish": publish,
    "score": score_completions,
    "crossover": show_crossover,
    "verdict": write_verdicts,
    "power": show_power,
    "export": export,
    "advise": show_advice,
    "tell": tell,
    "ls": questions.ls,
    "why": questions.why,
    "verify": questions.verify,
    "gc": questions.gc,
}
BUILDING = ("all", *STAGES, "compare")


def execute(config: DictConfig, *, is_multirun: bool) -> None:
    """Do what the command line asks for. Exits 1 where a stage failed, 2 (through UserError) where it asks wrongly."""
    study = parse(config)
    overrides = tuple(HydraConfig.get().overrides.task)
    check_contradictions(overrides)
    check_launcher(HydraConfig.get().launcher, is_multirun=is_multirun)
    check_stage(study)
    console = make_console()
    if is_multirun:
        check_is_done(study)
    elif study.stage in QUESTIONS:
        answer(study, overrides, [(overrides, study)], console)
    elif study.sweep:
        line = shlex.join(["frontload", "-m", *overrides])
        raise UserError(f"sweep={study.sweep.name} without -m would run one arm only; give `{line}`")
    else:
        run_arm((overrides, study), console)


def answer(study: Study, overrides: Point, arms: list[Arm], console: Console) -> None:
    """Answer the question that `study.stage` is. arms: what it is about, where no sweep is named."""
    open_store(study.context)
    asked = arms_asked_about(study, overrides) if study.sweep else arms
    say_absent(console, (each for _, each in asked))
    QUESTIONS[study.stage](asked, console)


def run_arm(arm: Arm, console: Console) -> None:
    """One arm, or one stage of it; the page and the table after the whole."""
    report_failures(build([arm], console), [arm], console)
    if arm[1].stage == "all":
        write_report([arm], console)
    if arm[1].stage == "eval":
        show_scores(chosen_nodes(arm[1]), open_store(arm[1].context), console)
    if arm[1].stage in ("curate", "compare"):
        show_cards(chosen_nodes(arm[1]), open_store(arm[1].context), console)


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
    if study.force and study.stage not in (*STAGES, "gc"):
        raise UserError(f"force=true builds one named stage again; give stage=NAME ({', '.join(STAGES)})")


def arms_asked_about(study: Study, overrides: Point) -> list[Arm]:
    """The arms of the named sweep that a question is about: at every seed that has results, unless seeds are named."""
    assert study.sweep is not None
    given = any(override.startswith("seed=") for override in overrides)
    first = compose_arms(points(study.sweep, overrides))
    if given:
        return first
    seeds = [study.seed]
    while any(_has_results(arm) for _, arm in at_seeds(first, [seeds[-1] + 1])):
        seeds.append(seeds[-1] + 1)
    pilots = {*seeds, *study.sweep.pilots}
    return at_seeds(first, [*seeds, *(seed for seed in open_committed(study).seeds if seed not in pilots)])


def _has_results(study: Study) -> bool:
    if study.seed in open_committed(study).seeds:
        return True
    node = arm_graph(study)["eval:pretrain"]
    return open_store(study.context).find(node.stage, node.fingerprint) is not None
