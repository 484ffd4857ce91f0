"""`stage=ls`: the store as a tree. Data first; then each chain of checkpoints from its trunk, which is where arms
branch; then what was drawn or published, and what is unfinished.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.core.artifact import Artifact, unfinished_fingerprint
from pipeline.core.errors import UserError
from pipeline.core.intact import expect_whole
from pipeline.core.store import Store
from pipeline.study.terminal import format_seconds, say

_MODELS = ("pretrain", "sft", "rl", "eval")
_COLUMNS = ("artifact", "fingerprint", "attempt", "age", "size", "took", "FLOPs", "state")
_STEP = "  "


def show_store(store: Store, console: Console) -> None:
    """Print every artifact with its age, size, cost and state, and a line for each record that cannot be read."""
    unreadable: list[str] = []
    found = list(store.artifacts(unreadable=unreadable))
    for line in unreadable:
        say(console, f"not readable: {line}")
    if not found:
        say(console, f"nothing in {store.root} yet")
        return
    table = Table(*_COLUMNS, box=None)
    for depth, artifact in _tree(found):
        table.add_row(*(escape(cell) for cell in _row(depth, artifact, store)))
    console.print(table)
    for line in _unfinished(store):
        say(console, line)
    seconds = sum(artifact.record.wall_seconds for artifact in found)
    say(console, f"{len(found)} artifacts, {_size(found)}, {format_seconds(seconds)} of work, in {store.root}")


def _tree(found: Sequence[Artifact]) -> Iterator[tuple[int, Artifact]]:
    """(depth, artifact): a checkpoint's children stand below it, everything else at the top."""
    below: Mapping[tuple[str, str], list[Artifact]] = defaultdict(list)
    top: list[Artifact] = []
    folders = {(artifact.stage, artifact.folder.name) for artifact in found}
    for artifact in found:
        made_from = _checkpoint(artifact)
        (below[made_from] if made_from in folders else top).append(artifact)
    order = {stage: number for number, stage in enumerate(("sources", "curate", "tokenize", "mix", *_MODELS))}
    for artifact in sorted(top, key=lambda each: (order.get(each.stage, len(order)), each.folder.name)):
        yield from _branch(artifact, 0, below)


def _branch(
    artifact: Artifact, depth: int, below: Mapping[tuple[str, str], list[Artifact]]
) -> Iterator[tuple[int, Artifact]]:
    yield depth, artifact
    children = below.get((artifact.stage, artifact.folder.name), [])
    for child in sorted(children, key=lambda each: (each.stage, each.folder.name)):
        yield from _branch(child, depth + 1, below)


def _checkpoint(artifact: Artifact) -> tuple[str, str] | None:
    """The folder of the checkpoint that it was made from."""
    if artifact.stage not in _MODELS:
        return None
    return next(((each.stage, each.folder) for each in artifact.record.parents if each.stage in _MODELS), None)


def _row(depth: int, artifact: Artifact, store: Store) -> tuple[str, ...]:
    record = artifact.record
    return (
        f"{_STEP * depth}{record.stage} {record.label}",
        record.fingerprint[:12],
        str(record.attempt),
        _age(record.finished_at),
        _size([artifact]),
        format_seconds(record.wall_seconds),
        f"{record.ledger.flops:.1e}" if record.ledger.flops else "-",
        _state(artifact, store),
    )


def _state(artifact: Artifact, store: Store) -> str:
    try:
        expect_whole(artifact)
        newest = store.find(artifact.stage, artifact.fingerprint)
        is_stale = store.is_stale(artifact)
    except UserError as error:  # its files, or a parent's record
        return f"damaged: {str(error).partition(';')[0]}"
    if newest is not None and newest != artifact:
        return f"older attempt of {newest.folder.name}"
    return "stale" if is_stale else "ok"


def _age(finished_at: str) -> str:
    """By the wall clock, which may have been set back since."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(finished_at)).total_seconds()
    return format_seconds(seconds) if seconds >= 0 else "ahead of this clock"


def _size(artifacts: Sequence[Artifact]) -> str:
    total = sum(file.size for artifact in artifacts for file in artifact.record.files)
    return f"{total / 1e6:,.1f} MB"


def _unfinished(store: Store) -> Iterator[str]:
    for folder in store.unfinished():
        shown = unfinished_fingerprint(folder.name) or ""
        state = "is at work" if store.is_held(folder.parent.name, shown) else "is gone; the same line carries on"
        yield f"unfinished: {folder.parent.name}/{folder.name}: its process {state}"
