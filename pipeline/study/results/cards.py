"""After `stage=curate` and `stage=compare`: the card of each corpus, and how far two of them overlap."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.core.store import Store
from pipeline.curate.measure import CARD, shared_shingles
from pipeline.study.nodes.node import Node
from pipeline.study.terminal import say

_SIDES = ("before", "after")
_HISTOGRAMS = {"length": "tokens a document", "depth.trace_tokens": "tokens a trace", "depth.steps": "steps a trace"}
_BARS = " ▁▂▃▄▅▆▇█"
_MOST_KINDS = 12  # of a share: with more, only how many there are


def show_cards(nodes: Sequence[Node], store: Store, console: Console) -> None:
    """The cards of those of the nodes that are measurements and are there."""
    found = [(node, store.find(node.stage, node.fingerprint)) for node in nodes if node.kind == "measure"]
    folders = {node.label.removesuffix("-card"): artifact.folder for node, artifact in found if artifact}
    cards = {name: orjson.loads((folder / CARD).read_bytes()) for name, folder in folders.items()}
    if not cards:
        return
    columns = {f"{name} {side}": card[side] for name, card in cards.items() for side in _SIDES}
    console.print(_table("what the corpora are", columns))
    console.print(_drops(cards))
    for name, folder in folders.items():
        say(console, f"{name}: {folder / CARD}")
    if len(folders) == 2:
        _show_overlap(folders, console)


def _table(title: str, columns: Mapping[str, Any]) -> Table:
    table = Table("", title=title, title_justify="left", box=None)
    for name in columns:
        table.add_column(escape(name), justify="right")
    flat = {name: dict(_flat(card)) for name, card in columns.items()}
    for key in dict.fromkeys(key for found in flat.values() for key in found):
        table.add_row(
            escape(key.replace("_", " ").replace(".", ": ")), *(found.get(key, "-") for found in flat.values())
        )
    return table


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Numbers of a card under dotted names; a histogram as a row of bars, a long share as a count."""
    if isinstance(value, dict):
        if name.endswith(".histogram"):
            yield name, _bars(value)
        elif name.startswith("by_") and len(value) > _MOST_KINDS:
            yield f"{name}.(kinds)", f"{len(value):,}"
        else:
            for key, part in value.items():
                yield from _flat(part, f"{name}.{key}" if name else str(key))
    elif value is not None:
        yield name, f"{value:,}"


def _bars(histogram: Mapping[str, int]) -> str:
    """One bar a power of two, from the first to the last."""
    most = max(histogram.values())
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in histogram.values())
    first, last = next(iter(histogram)), list(histogram)[-1]
    return f"{first} {bars} {last}"


def _drops(cards: Mapping[str, Any]) -> Table:
    table = Table("corpus", "split", "dropped because", "documents", "tokens", title="what curation dropped",
                  title_justify="left", box=None)  # fmt: skip
    for name, card in cards.items():
        for split, reasons in card["curation"]["dropped"].items():
            for reason, count in reasons.items():
                documents, tokens = (count["documents"], count["tokens"]) if isinstance(count, dict) else (count, None)
                table.add_row(escape(name), split, reason, f"{documents:,}", "-" if tokens is None else f"{tokens:,}")
    return table


def _show_overlap(folders: Mapping[str, Path], console: Console) -> None:
    (first, a), (second, b) = folders.items()
    found = shared_shingles(a, b)
    say(
        console,
        f"5-word shingles of the samples: {found['of_first']:.2%} of {first}'s are in {second}, "
        f"{found['of_second']:.2%} of {second}'s in {first} (Jaccard {found['jaccard']:.4f})",
    )
