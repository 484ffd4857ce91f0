"""The store's questions: what it holds, why a stage would run again, whether it is intact, what nobody needs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table

from pipeline.core.errors import UserError
from pipeline.core.store import Artifact, Store
from pipeline.study.graph import arm_graph
from pipeline.study.node import Node, distinct
from pipeline.study.schema import Study
from pipeline.study.survey import Survey, survey, wanted
from pipeline.study.sweep import Point, command_of
from pipeline.study.view import format_seconds

Arm = tuple[Point, Study]


def ls(arms: Sequence[Arm], console: Console) -> None:
    """Every artifact: stage, label, fingerprint, attempt, age, size, cost, whether it is stale."""
    store = _store(arms)
    table = Table("stage", "label", "fingerprint", "attempt", "age", "size", "took", "state", box=None)
    for artifact in store.artifacts():
        table.add_row(*_row(artifact, store))
    console.print(table)


def _row(artifact: Artifact, store: Store) -> tuple[str, ...]:
    record = artifact.record
    age = (datetime.now(UTC) - datetime.fromisoformat(record.finished_at)).total_seconds()
    size = sum(file.size for file in record.files)
    state = "stale" if store.is_stale(artifact) else "ok"
    took = format_seconds(record.wall_seconds)
    attempt = str(record.attempt)
    return (record.stage, record.label, record.fingerprint[:12], attempt, format_seconds(age), f"{size / 1e6:.1f} MB",
            took, state)  # fmt: skip


def why(arms: Sequence[Arm], console: Console) -> None:
    """For each stage of the arms: done, or what differs from the nearest artifact there is."""
    store = _store(arms)
    found = survey(_nodes(arms), store)
    for node in found.nodes:
        name = f"{node.stage} {node.label} {node.fingerprint[:12]}"
        if node.fingerprint in found.done:
            console.print(f"done     {name}", highlight=False)
        elif not found.is_ready(node):
            console.print(f"waits    {name}: a stage before it is to be built", highlight=False)
        else:
            reasons = "; ".join(store.explain(wanted(node, found.parents(node))))
            console.print(f"to build {name}: {reasons}", highlight=False, soft_wrap=True)


def verify(arms: Sequence[Arm], console: Console) -> None:
    """Compare every file in the store with its record. Raises UserError where one is missing or changed."""
    problems: list[str] = []
    count = 0
    for artifact in _store(arms).artifacts():
        count += 1
        problems += artifact.verify()
    for problem in problems:
        console.print(problem, highlight=False, soft_wrap=True)
    if problems:
        raise UserError(f"{len(problems)} files differ from their records; remove those folders, they are made again")
    console.print(f"{count} artifacts, every file as recorded", highlight=False)


def gc(arms: Sequence[Arm], console: Console) -> None:
    """Remove what neither the arms named here nor any page reaches, after asking."""
    store = _store(arms)
    kept = list(survey(_nodes(arms), store).done.values())
    pages = [artifact for artifact in store.artifacts() if artifact.record.stage == "report"]
    garbage = list(store.garbage([*kept, *pages]))
    for folder in garbage:
        console.print(f"nobody needs {folder}", highlight=False, soft_wrap=True)
    if not garbage:
        console.print("nothing to remove: every artifact is reached by these arms or by a page", highlight=False)
    elif console.is_terminal and Confirm.ask(f"remove these {len(garbage)} folders?", default=False):
        store.remove(garbage)
    else:
        console.print("nothing removed", highlight=False)


def seconds_per_work(found: Survey) -> float:
    """How long a unit of estimated work took in what is already there; 1 where nothing is."""
    work = sum(node.work for node in found.nodes if node.fingerprint in found.done)
    seconds = sum(artifact.record.wall_seconds for artifact in found.done.values())
    return seconds / work if work > 0 and seconds > 0 else 1.0


def minutes(seconds: float) -> str:
    """A rough time for people."""
    return format_seconds(seconds)


def command_for(node: Node, arms: Sequence[Arm]) -> str:
    """The line that repeats a node: the first arm that needs it."""
    for point, study in arms:
        if node.fingerprint in {each.fingerprint for each in distinct(arm_graph(study).values())}:
            return f"{command_of(point, study)} stage={node.stage}"
    raise AssertionError(f"no arm needs {node.label}")


def _nodes(arms: Sequence[Arm]) -> list[Node]:
    return distinct(node for _, study in arms for node in arm_graph(study).values())


def _store(arms: Sequence[Arm]) -> Store:
    context = arms[0][1].context
    return Store(context.store, lock_kind=context.lock)
