"""The problems of a harness suite as questions and answers, for the rooms that only need to know what is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.harness.load import Loaded, load_task
from pipeline.tasks.harness.offline import offline
from pipeline.tasks.harness.task import LocalTask
from pipeline.tasks.score import TaskProblem


def harness_problems(suite: HarnessSuite, data_root: Path | None) -> Iterator[TaskProblem]:
    """Problem by problem, without solved examples and descriptions; benchmarks that are missing are passed over.

    Raises UserError where the suite contradicts the harness.
    """
    with offline() as scratch:
        for label in suite.tasks:
            found = load_task(label, suite, data_root, scratch)
            if isinstance(found, Loaded):
                for name, task in found.tasks.items():
                    yield from _problems(label, suite, name, task)


def _problems(label: str, suite: HarnessSuite, name: str, task: LocalTask) -> Iterator[TaskProblem]:
    for number, doc in enumerate(task.eval_docs):
        if suite.limit is not None and number >= suite.limit:
            return
        prompt, answer, choices = _parts(task, doc)
        yield TaskProblem(
            id=f"{name}-{number}",
            task=label,
            domain=suite.tasks[label].domain,
            depth=0,
            template="",
            structure="",
            held_out=False,
            prompt=prompt,
            answer=answer,
            choices=tuple(choices),
        )


def _parts(task: LocalTask, doc: Any) -> tuple[str, str, list[str]]:
    """The question, its answer, and the choices where there are some."""
    text: Any = task.doc_to_text(doc)
    target: Any = task.doc_to_target(doc)
    if task.OUTPUT_TYPE != "multiple_choice":
        return str(text), str(target), []
    choices = [str(choice) for choice in task.doc_to_choice(doc)]
    if task.multiple_input:  # the choices are beginnings, which end alike
        return f"{choices[int(text)]} {target}", choices[int(text)], choices
    return str(text), choices[target] if isinstance(target, int) else str(target), choices
