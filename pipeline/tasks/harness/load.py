"""One benchmark made ready to ask, or the line that says what it lacks; the others go on either way."""

import io
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from datasets.exceptions import DatasetsError
from lm_eval.api.group import Group
from lm_eval.tasks import TaskManager
from lm_eval.tasks._factory import TaskFactory

from pipeline.core.errors import UserError
from pipeline.tasks.harness.config import HarnessSuite, HarnessTask
from pipeline.tasks.harness.find import manager_for
from pipeline.tasks.harness.fit import MAX_GEN_TOKS, generation_of, installed, what_differs, what_lacks
from pipeline.tasks.harness.needs import LEFT_OUT, asks_without_punkt, is_scored_without_punkt
from pipeline.tasks.harness.offline import seed_as_the_harness
from pipeline.tasks.harness.task import LocalTask, local_class

# What the harness raises at a task that lacks a package, or at data that are not what its YAML expects.
_UNLOADABLE = (ImportError, AssertionError, OSError, ValueError, LookupError, DatasetsError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A benchmark that cannot be asked here."""

    label: str
    asked: HarnessTask
    reason: str  # one line: what is missing and how to get it


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A benchmark that can be asked."""

    label: str
    asked: HarnessTask
    manager: TaskManager
    whole: LocalTask | Group  # what `simple_evaluate` is given
    tasks: Mapping[str, LocalTask]  # the task itself, or the subtasks of a group, by name
    version: str
    left_out: str  # which of its problems cannot be scored here, and why; empty: all can


def load_task(label: str, suite: HarnessSuite, data_root: Path | None, scratch: Path) -> Loaded | Missing:
    """A benchmark of a suite. To be called inside `offline`, whose scratch folder it is given.

    Raises UserError where the suite contradicts the harness's YAML: other data, another filter or metric.
    """
    asked = suite.tasks[label]
    reason = what_lacks(asked, data_root)
    if reason:
        return Missing(label=label, asked=asked, reason=reason)
    manager = manager_for(asked.task, _include(suite, data_root))
    if manager is None:
        reason = f"{installed()} has no task {asked.task!r}; {asked.get or 'correct its name, or give its YAML'}"
        return Missing(label=label, asked=asked, reason=reason)
    try:
        loaded = _load(label, suite, manager, data_root, scratch)
    except _UNLOADABLE as error:
        line = " ".join(f"{error}".split())[:200]
        return Missing(label=label, asked=asked, reason=f"the harness cannot load it ({type(error).__name__}: {line})")
    reason = what_differs(asked, loaded.version, loaded.tasks)
    return Missing(label=label, asked=asked, reason=reason) if reason else loaded


def _include(suite: HarnessSuite, data_root: Path | None) -> Path | None:
    if not suite.include:
        return None
    if data_root is None or not (data_root / suite.include).is_dir():
        raise UserError(f"include={suite.include!r} is no folder below data_root {data_root}; correct either")
    return data_root / suite.include


def _load(label: str, suite: HarnessSuite, manager: TaskManager, data_root: Path | None, scratch: Path) -> Loaded:
    asked = suite.tasks[label]
    seed_as_the_harness()
    with redirect_stdout(io.StringIO()):
        whole = _build(manager, asked, data_root, scratch)
    tasks = {task.task_name: task for task in _leaves(whole)}
    for task in tasks.values():
        _choose(task, asked, suite.max_gen_toks)
    return Loaded(
        label=label,
        asked=asked,
        manager=manager,
        whole=whole,
        tasks=tasks,
        version=str(whole.version if isinstance(whole, Group) else whole.VERSION),
        left_out=_left_out(tasks.values()),
    )


def _build(manager: TaskManager, asked: HarnessTask, data_root: Path | None, scratch: Path) -> LocalTask | Group:
    """The harness's factory makes it, as always; `class` says where the rows come from."""
    keep = is_scored_without_punkt if asks_without_punkt(asked.dataset) else None
    overrides = {"class": local_class(asked.dataset, data_root, scratch, keep)}
    entry = manager.task_index[asked.task]
    built = TaskFactory().build(entry, overrides=overrides, registry=manager.task_index)
    if isinstance(built, list):
        raise UserError(f"{asked.task!r} is a tag of several tasks; name its tasks one by one, or a group")
    return cast(LocalTask | Group, built)


def _leaves(whole: LocalTask | Group) -> list[LocalTask]:
    leaves = whole.get_all_tasks() if isinstance(whole, Group) else [whole]
    assert all(isinstance(task, LocalTask) for task in leaves), "every task of a group is made of the class given"
    return cast(list[LocalTask], leaves)


def _left_out(tasks: Iterable[LocalTask]) -> str:
    count = sum(task.num_left_out for task in tasks)
    return f"{count} problems: {LEFT_OUT}" if count else ""


def _choose(task: LocalTask, asked: HarnessTask, most: int | None) -> None:
    """Put what the suite chooses into the task's own config. most: new tokens of any completion."""
    chosen: dict[str, Any] = {} if asked.max_gen_toks is None else {"max_gen_toks": asked.max_gen_toks}
    if most is not None:
        own = chosen.get("max_gen_toks") or generation_of(task).get("max_gen_toks", MAX_GEN_TOKS)
        chosen["max_gen_toks"] = min(own, most)
    if asked.temperature:
        chosen |= {"do_sample": True, "temperature": asked.temperature, "top_p": 1.0}
    if asked.num_fewshot is not None:
        task.set_config("num_fewshot", asked.num_fewshot)
    task.set_config("repeats", 1)  # samples are runs of their own, each with its own scores
    if task.OUTPUT_TYPE == "generate_until":
        task.set_config("generation_kwargs", chosen, update=True)
