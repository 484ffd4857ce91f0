"""The store's questions: what it holds, why a stage would run again, whether it is intact, what nobody needs."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.prompt import Confirm

from pipeline.core.errors import UserError
from pipeline.core.files import disk_errors_named
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import arm_graph
from pipeline.study.listing import show_store
from pipeline.study.nodes.node import Node, distinct
from pipeline.study.place import open_store
from pipeline.study.run.survey import as_asked, survey
from pipeline.study.terminal import say

Arm = tuple[Point, Study]
PAGES = ("report", "publish", "score", "verdict", "advise")  # shelves that are for people; gc leaves them


def ls(arms: Sequence[Arm], console: Console) -> None:
    """Every artifact, as a tree: age, size, cost, whether it is stale or damaged."""
    show_store(_store(arms), console)


def why(arms: Sequence[Arm], console: Console) -> None:
    """For each stage of the arms: done, damaged, or what differs from the nearest artifact there is."""
    store = _store(arms)
    damaged: dict[str, str] = {}
    found = survey(_nodes(arms), store, damaged=damaged)
    asked: dict[str, Artifact | Wanted] = dict(found.done)
    for node in found.nodes:
        name = f"{node.stage} {node.label} {node.fingerprint[:12]}"
        if node.fingerprint in found.done:
            say(console, f"done     {name}")
            continue
        asked[node.fingerprint] = ask = as_asked(node, asked)
        if node.fingerprint in damaged:
            say(console, f"damaged  {name}: {damaged[node.fingerprint]}")
            continue
        first, *rest = store.explain(ask)
        word = "to build" if found.is_ready(node) else "waits   "
        say(console, "\n           ".join([f"{word} {name}: {first}", *rest]))


def verify(arms: Sequence[Arm], console: Console) -> None:
    """Compare every file in the store with its record. Raises UserError where one is missing or changed."""
    problems: list[str] = []
    count = 0
    for artifact in _store(arms).artifacts(unreadable=problems):
        count += 1
        problems += artifact.verify()
    for problem in problems:
        say(console, problem)
    if problems:
        raise UserError(f"{len(problems)} files differ from their records; remove those folders, they are made again")
    say(console, f"{count} artifacts, every file as recorded")


def gc(arms: Sequence[Arm], console: Console) -> None:
    """What neither the arms named here nor any page reaches and is no published folder: a list first, with sizes.

    Removed once a person at the terminal says so, or with force=true. Raises UserError where that is not permitted.
    """
    store = _store(arms)
    kept = list(survey(_nodes(arms), store).done.values())
    unreadable: list[str] = []
    pages = [each for each in store.artifacts(unreadable=unreadable) if each.record.stage in PAGES]
    for line in unreadable:
        say(console, f"not readable: {line}")
    with disk_errors_named(store.root):
        garbage = list(store.garbage([*kept, *pages]))
        for folder in garbage:
            say(console, f"nobody needs {folder} ({_megabytes(folder):,.1f} MB)")
        if not garbage:
            say(console, "nothing to remove: every artifact is reached by these arms or by a page")
        elif arms[0][1].force or _is_confirmed(len(garbage), console):
            say(console, f"removed {len(store.remove(garbage))} folders")
        else:
            say(console, "nothing removed (a dry run: force=true removes them)")


def _is_confirmed(count: int, console: Console) -> bool:
    return console.is_terminal and Confirm.ask(f"remove these {count} folders?", default=False)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _nodes(arms: Sequence[Arm]) -> list[Node]:
    return distinct(node for _, study in arms for node in arm_graph(study).values())


def _store(arms: Sequence[Arm]) -> Store:
    return open_store(arms[0][1].context)
