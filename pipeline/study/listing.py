"""`stage=ls`: the store as a tree. Data first; then each chain of checkpoints from its trunk, which is where arms
branch; then what was drawn or published, and what is unfinished.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.core.artifact import Artifact, finished_fingerprint, unfinished_fingerprint
from pipeline.core.snapshot import Snapshot
from pipeline.core.store import Store
from pipeline.study.terminal import format_seconds, say

_MODELS = ("pretrain", "sft", "rl", "eval")
_COLUMNS = ("artifact", "fingerprint", "attempt", "age", "size", "took", "FLOPs", "state")
_STEP = "  "


@dataclass(frozen=True, slots=True)
class _Entry:
    """A finished folder; without an artifact where its record cannot be read."""

    folder: Path
    artifact: Artifact | None

    @property
    def stage(self) -> str:
        return self.folder.parent.name

    @property
    def key(self) -> tuple[str, str]:
        """How a child's record names it."""
        return self.stage, self.folder.name


def show_store(store: Store, console: Console) -> None:
    """Print every artifact with its age, size, cost and state; a record that cannot be read has its line too."""
    seen = Snapshot(store.root)
    entries = [_Entry(folder, seen.readable.get(folder)) for folder in sorted({*seen.readable, *seen.damaged})]
    if not entries:
        say(console, f"nothing in {store.root} yet")
        return
    table = Table(*_COLUMNS, box=None)
    for depth, entry in _tree(entries):
        table.add_row(*(escape(cell) for cell in _row(depth, entry, seen)))
    console.print(table)
    for folder, reason in seen.damaged.items():
        say(console, f"{seen.trouble(folder)}: {reason}")
    for line in _unfinished(store):
        say(console, line)
    found = list(seen.readable.values())
    seconds = format_seconds(sum(artifact.record.wall_seconds for artifact in found))
    damaged = f" ({len(seen.damaged)} not to be used)" if seen.damaged else ""
    say(console, f"{len(entries)} artifacts{damaged}, {_size(found)}, {seconds} of work, in {store.root}")


def _tree(entries: Sequence[_Entry]) -> Iterator[tuple[int, _Entry]]:
    """(depth, entry): a checkpoint's children stand below it, everything else at the top."""
    below: Mapping[tuple[str, str], list[_Entry]] = defaultdict(list)
    top: list[_Entry] = []
    keys = {entry.key for entry in entries}
    for entry in entries:
        made_from = _checkpoint(entry)
        (below[made_from] if made_from in keys else top).append(entry)
    order = {stage: number for number, stage in enumerate(("sources", "curate", "tokenize", "mix", *_MODELS))}
    for entry in sorted(top, key=lambda each: (order.get(each.stage, len(order)), each.folder.name)):
        yield from _branch(entry, 0, below)


def _branch(entry: _Entry, depth: int, below: Mapping[tuple[str, str], list[_Entry]]) -> Iterator[tuple[int, _Entry]]:
    yield depth, entry
    for child in sorted(below.get(entry.key, []), key=lambda each: each.key):
        yield from _branch(child, depth + 1, below)


def _checkpoint(entry: _Entry) -> tuple[str, str] | None:
    """The folder of the checkpoint that it was made from, where that is known."""
    if entry.artifact is None or entry.stage not in _MODELS:
        return None
    parents = entry.artifact.record.parents
    return next(((each.stage, each.folder) for each in parents if each.stage in _MODELS), None)


def _row(depth: int, entry: _Entry, seen: Snapshot) -> tuple[str, ...]:
    indent, state = _STEP * depth, _state(entry, seen)
    if entry.artifact is None:
        shown = finished_fingerprint(entry.folder.name) or ""
        return f"{indent}{entry.stage} {entry.folder.name}", shown, "-", "-", "-", "-", "-", state
    record = entry.artifact.record
    return (
        f"{indent}{record.stage} {record.label}",
        record.fingerprint[:12],
        str(record.attempt),
        _age(record.finished_at),
        _size([entry.artifact]),
        format_seconds(record.wall_seconds),
        f"{record.ledger.flops:.1e}" if record.ledger.flops else "-",
        state,
    )


def _state(entry: _Entry, seen: Snapshot) -> str:
    artifact = entry.artifact
    if artifact is None or entry.folder in seen.damaged:
        return seen.trouble(entry.folder)
    newest = seen.find(artifact.stage, artifact.fingerprint)
    if newest is not None and newest != artifact:
        return f"older attempt of {newest.folder.name}"
    origins = [f"made from {origin}" for origin in seen.damaged_origins(artifact)]
    return "; ".join(["stale" if seen.is_stale(artifact) else "ok", *origins])


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
