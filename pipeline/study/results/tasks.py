"""`stage=publish`: the world's eval problems as a folder for plain `lm_eval`, kept in the store like any artifact."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Store, Wanted
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import world_key
from pipeline.study.terminal import say
from pipeline.tasks.suite import Suite, load_suite
from pipeline.tasks.world.dials import VERSION as WORLD_VERSION

Arm = tuple[Point, Study]


def publish_tasks(arms: Sequence[Arm], console: Console) -> None:
    """Write the folder of each suite of the world that the first arm asks, and print where it is and how to use it.

    Raises UserError where the recipe asks no suite of the world.
    """
    study = arms[0][1]
    suites = [suite for suite in study.eval.suites if suite.world is not None]
    if not suites:
        raise UserError(f"recipe {study.recipe_name} asks no suite of the world; publish one that does, such as tunnel")
    for suite in suites:
        folder = _publish(suite, study)
        say(console, f"{suite.name}: {folder}")
        say(console, f"lm_eval run ... --include_path {folder} (README.md there has the line)")


def _publish(suite: Suite, study: Study) -> Path:
    from pipeline.tasks.harness.publish import VERSION, publish_world

    key, length = world_key(study), study.eval.max_new_tokens
    wanted = Wanted(
        stage="publish",
        label=f"{suite.name}-s{study.seed}",
        version=f"{VERSION}.{WORLD_VERSION}",
        literals={"suite": suite.literals(), "study_key": key, "max_new_tokens": length},
        parents=(),
        seed=study.seed,
    )

    def write(out: Path) -> Ledger:
        problems = load_suite(suite, study_key=key, data_root=None)
        publish_world(problems, length, out)
        return Ledger(documents=len(problems))

    return Store(study.context.store, lock_kind=study.context.lock).build(wanted, write).folder
