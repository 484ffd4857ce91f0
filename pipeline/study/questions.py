"""The store's questions: what it holds, why a stage would run again, whether it is intact, what nobody needs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm
from rich.table import Table

from pipeline.core.errors import UserError
from pipeline.core.store import Artifact, Store
from pipeline.study.graph import arm_graph
from pipeline.study.node import Node, distinct
from pipeline.study.place import open_store
from pipeline.study.schema import Study
from pipeline.study.survey import survey, wanted
from pipeline.study.sweep import Point
from pipeline.study.terminal import format_seconds, say

Arm = tuple[Point, Study]


def ls(arms: Sequence[Arm], console: Console) -> None:
    """Every artifact: stage, label, fingerprint, attempt, age, size, cost, whether it is stale."""
    store = _store(arms)
    table = Table("stage", "label", "fingerprint", "attempt", "age", "size", "took", "state", box=None)
    found = list(store.artifacts())
    if not found:
        say(console, f"nothing in {store.root} yet")
        return
    for artifact in found:
        table.add_row(*(escape(cell) for cell in _row(artifact, store)))
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
            say(console, f"done     {name}")
        elif not found.is_ready(node):
            say(console, f"waits    {name}: a stage before it is to be built")
        else:
            first, *rest = store.explain(wanted(node, found.parents(node)))
            say(console, "\n           ".join([f"to build {name}: {first}", *rest]))


def verify(arms: Sequence[Arm], console: Console) -> None:
    """Compare every file in the store with its record. Raises UserError where one is missing or changed."""
    problems: list[str] = []
    count = 0
    for artifact in _store(arms).artifacts():
        count += 1
        problems += artifact.verify()
    for problem in problems:
        say(console, problem)
    if problems:
        raise UserError(f"{len(problems)} files differ from their records; remove those folders, they are made again")
    say(console, f"{count} artifacts, every file as recorded")


def gc(arms: Sequence[Arm], console: Console) -> None:
    """Remove what neither the arms named here nor any page reaches and is no published folder, after asking."""
    store = _store(arms)
    kept = list(survey(_nodes(arms), store).done.values())
    pages = [artifact for artifact in store.artifacts() if artifact.record.stage in ("report", "publish")]
    garbage = list(store.garbage([*kept, *pages]))
    for folder in garbage:
        say(console, f"nobody needs {folder}")
    if not garbage:
        say(console, "nothing to remove: every artifact is reached by these arms or by a page")
    elif console.is_terminal and Confirm.ask(f"remove these {len(garbage)} folders?", default=False):
        store.remove(garbage)
    else:
        say(console, "nothing removed")


def _nodes(arms: Sequence[Arm]) -> list[Node]:
    return distinct(node for _, study in arms for node in arm_graph(study).values())


def _store(arms: Sequence[Arm]) -> Store:
    return open_store(arms[0][1].context)
