"""Which of the kept documents are duplicates, over all ranks at once: equal ones, near ones, ones that another text
holds.

The first in order stays: documents of corpora that come before, then the corpus's own, training before held-out.
MinHash's
clusters are datatrove's; which member of a cluster stays is decided here, as datatrove keeps the one that happens to be
the root. Texts that are cut at other places share no document, and so no bucket: `Overlap` finds those.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.curate.config import Overlap
from pipeline.curate.screening import Screened
from pipeline.curate.steps import Reason


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all kept documents, in order."""

    table: pa.Table  # blocks.FACTS
    starts: tuple[int, ...]  # where each rank begins, and the end
    num_before: int  # documents of corpora that come first

    def id(self, index: int) -> str:
        """A document's id."""
        return self.table["id"][index].as_py()

    @property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """All sampled n-grams, uint64 (N,), and where each document's begin and end, int64 (num_documents + 1,)."""
        column = self.table["samples"].combine_chunks()
        return column.values.to_numpy(), column.offsets.to_numpy().astype(np.int64)


def read_known(screened: Screened) -> Known:
    """The facts of every rank."""
    tables = [pq.read_table(screened.facts(rank)) for rank in range(screened.num_ranks)]
    starts = np.cumsum([0, *(len(table) for table in tables)]).tolist()
    return Known(pa.concat_tables(tables).combine_chunks(), tuple(starts), starts[len(screened.before)])


def find_duplicates(known: Known, clusters: Path | None, overlap: Overlap | None) -> dict[int, Reason]:
    """Index of each document that is dropped -> why. Documents of corpora that come first are never dropped."""
    dropped = dict(_equal(known))
    if clusters is not None:
        for index, reason in _near(known, clusters):
            dropped.setdefault(index, reason)
    if overlap is not None:
        dropped |= dict(_held(known, overlap, dropped))
    return {index: reason for index, reason in sorted(dropped.items()) if index >= known.num_before}


def _equal(known: Known) -> Iterator[tuple[int, Reason]]:
    digests = np.frombuffer(b"".join(known.table["digest"].to_pylist()), "S16")
    raw = digests.view([("a", "<u8"), ("b", "<u8")])
    _, first, inverse = np.unique(raw, return_index=True, return_inverse=True)
    for index in np.flatnonzero(first[inverse] != np.arange(len(raw))).tolist():
        yield index, Reason("duplicate", known.id(int(first[inverse[index]])))


def _near(known: Known, clusters: Path) -> Iterator[tuple[int, Reason]]:
    """All but the first member of each cluster."""
    first: dict[int, int] = {}
    for rank, start in enumerate(known.starts[:-1]):
        path = clusters / f"{rank:06d}.clusters"
        members = struct.iter_unpack("<2I", path.read_bytes()) if path.exists() else ()
        for document, cluster in members:
            index = start + document
            kept = first.setdefault(cluster, index)
            if kept != index:
                yield index, Reason("near_duplicate", known.id(kept))


def _held(known: Known, overlap: Overlap, dropped: dict[int, Reason]) -> Iterator[tuple[int, Reason]]:
    """Whole texts, and pieces of texts, of which one earlier text holds a share of the n-grams."""
    values, ends = known.samples
    owners: dict[int, str] = {}  # sampled n-gram -> the first text that has it

    def of(indices: Sequence[int]) -> np.ndarray:
        return np.unique(np.concatenate([values[ends[i] : ends[i + 1]] for i in indices]))

    for text, indices in _texts(known):
        staying = [index for index in indices if index not in dropped]
        if not staying:
            continue
        verdict = _verdict(of(staying), owners, overlap)
        for index in staying:
            own = verdict or _verdict(values[ends[index] : ends[index + 1]], owners, overlap)
            if own is None:
                continue
            yield index, Reason("overlap", own)
        # What goes holds nothing for later texts: they would lose what is then nowhere.
        left = (
            [] if verdict else [i for i in staying if _verdict(values[ends[i] : ends[i + 1]], owners, overlap) is None]
        )
        for gram in of(left).tolist() if left else ():
            owners.setdefault(gram, text)


def _texts(known: Known) -> Iterator[tuple[str, list[int]]]:
    """Each text with the documents that it is cut into; a document that is whole is a text of its own."""
    wholes, ids = known.table["whole"].to_pylist(), known.table["id"].to_pylist()

    def text(index: int) -> tuple[str, Any]:
        origin = index < known.num_before
        return (wholes[index], origin) if wholes[index] else (ids[index], index)

    for (name, _), indices in groupby(range(len(ids)), text):
        yield name, list(indices)


def _verdict(grams: np.ndarray, owners: dict[int, str], overlap: Overlap) -> str | None:
    """Which earlier text holds the share of these n-grams that is too much; None where none does."""
    if len(grams) < overlap.min_samples:
        return None
    held = Counter(owner for gram in grams.tolist() if (owner := owners.get(gram)) is not None)
    if not held:
        return None
    text, count = max(held.items(), key=lambda item: (item[1], item[0]))
    share = count / len(grams)
    return f"{text} holds {share:.0%} of its {overlap.ngram}-grams" if share >= overlap.share else None
