"""What decides a harness suite's scores besides its config: the harness's version, its files, what is installed."""

from importlib.metadata import version
from pathlib import Path

from pipeline.tasks.harness.config import HarnessSuite, HarnessTask
from pipeline.tasks.harness.local import checksums_of, files_of, folder_files
from pipeline.tasks.harness.needs import present


def identified(suite: HarnessSuite, data_root: Path) -> HarnessSuite:
    """The suite with the fields that the study fills in."""
    tasks = {label: _identified(task, data_root) for label, task in suite.tasks.items()}
    included = folder_files(suite.include, data_root) if suite.include else {}
    filled = {"tasks": tasks, "checksums": checksums_of(included), "harness_version": version("lm_eval")}
    return suite.model_copy(update=filled)


def _identified(task: HarnessTask, data_root: Path) -> HarnessTask:
    if not task.dataset:
        return task
    checksums = checksums_of(files_of(task.dataset, data_root))
    return task.model_copy(update={"checksums": checksums, "has": present(task.dataset)})
