"""One corpus out of the parts: what stays, in order; what went, why, how much, and some of it to look at."""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.document import Document, DocumentWriter, read_documents
from pipeline.core.seeds import keyed_int
from pipeline.curate.blocks import SPLITS
from pipeline.curate.known import Known
from pipeline.curate.screening import Screened
from pipeline.curate.steps import Reason, parts

DROPPED = pa.schema(
    [*((name, pa.string()) for name in ("split", "id", "source", "reason", "evidence")), ("tokens", pa.int64())]
)
NUM_SHOWN = 5  # of each reason
_EXCERPT = 400  # characters
_ROWS_PER_GROUP = 10_000


@dataclass
class Drops:
    """Counts of what went, and the few of each reason that a key chooses: not the first, which are of one file."""

    documents: dict[str, Counter[str]] = field(default_factory=lambda: {split: Counter() for split in SPLITS})
    tokens: dict[str, Counter[str]] = field(default_factory=lambda: {split: Counter() for split in SPLITS})
    shown: dict[str, list[tuple[int, str, dict[str, str]]]] = field(default_factory=dict)

    def add(self, split: str, document: Document, reason: Reason, tokens: int) -> dict[str, Any]:
        """Count one document; returns its row."""
        self.documents[split][reason.reason] += 1
        self.tokens[split][reason.reason] += tokens
        excerpt = "\n".join(parts(document))[:_EXCERPT]
        told = {"id": document.id, "evidence": reason.evidence, "text": excerpt}
        chosen = self.shown.setdefault(reason.reason, [])
        heapq.heappush(chosen, (-keyed_int("shown", split, document.id), f"{split}/{document.id}", told))
        if len(chosen) > NUM_SHOWN:
            heapq.heappop(chosen)
        names = {"split": split, "id": document.id, "source": document.source}
        return {**names, "reason": reason.reason, "evidence": reason.evidence, "tokens": tokens}

    def to_json(self) -> dict[str, Any]:
        """By split and reason: documents and tokens."""
        return {
            split: {
                reason: {"documents": count, "tokens": self.tokens[split][reason]}
                for reason, count in sorted(self.documents[split].items())
            }
            for split in SPLITS
        }

    def samples(self) -> dict[str, list[dict[str, str]]]:
        """By reason: some of them."""
        return {
            reason: [told for *_, told in sorted(found, reverse=True)] for reason, found in sorted(self.shown.items())
        }


def merge(screened: Screened, known: Known, duplicates: dict[int, Reason], out: Path) -> tuple[dict[str, Any], Drops]:
    """Write `documents.parquet`, `heldout.parquet` and `dropped.parquet`; returns what stays, and the drops."""
    drops = Drops()
    kept = {split: Counter[str]() for split in SPLITS}
    with (
        DocumentWriter(out / "documents.parquet", has_metadata=True) as training,
        DocumentWriter(out / "heldout.parquet", has_metadata=True) as held_out,
        _Rows(out / "dropped.parquet") as rows,
    ):
        for split, document, reason, tokens in _screened_out(screened):
            rows.add(drops.add(split, document, reason, tokens))
        for index, split, document, tokens in _kept(screened, known):
            if reason := duplicates.get(index):
                rows.add(drops.add(split, document, reason, tokens))
            else:
                (training if split == "documents" else held_out).write(document)
                kept[split].update(documents=1, tokens=tokens)
    return {split: {name: count[name] for name in ("documents", "tokens")} for split, count in kept.items()}, drops


def _kept(screened: Screened, known: Known) -> Iterator[tuple[int, str, Document, int]]:
    """The corpus's own documents that passed the filters, each with its index and what it counts for."""
    splits, tokens = known.table["split"], known.table["tokens"]
    for rank in range(len(screened.before), screened.num_ranks):
        for index, document in enumerate(read_documents(screened.kept(rank)), start=known.starts[rank]):
            yield index, splits[index].as_py(), document, tokens[index].as_py()


def _screened_out(screened: Screened) -> Iterator[tuple[str, Document, Reason, int]]:
    """What the filters dropped: filter after filter, each in the order of the corpus."""
    for folder in sorted((screened.scratch / "dropped").glob("*")):
        for path in sorted(folder.glob("*.parquet")):
            why = pq.read_table(path.with_suffix(".why")).to_pylist()
            for document, row in zip(read_documents(path), why, strict=True):
                yield row["split"], document, Reason(row["reason"], row["evidence"]), row["tokens"]


class _Rows:
    """`dropped.parquet`, a group in memory at a time."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, DROPPED, compression="zstd")
        self._held: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._held.append(row)
        if len(self._held) == _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._held, DROPPED))
        self._held = []

    def __enter__(self) -> "_Rows":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
