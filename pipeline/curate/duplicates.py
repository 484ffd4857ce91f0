"""Which of the kept documents are duplicates, over all ranks at once: equal ones, near ones, ones that others hold.

The first in order stays: documents of corpora that come before, then the corpus's own, training before held-out.
MinHash's clusters are datatrove's; which member of a cluster stays is decided here, as datatrove keeps the one that
happens to be the root. Texts that are cut at other places share no document, and so no bucket: `overlaps` finds those.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.curate.config import Overlap
from pipeline.curate.known import Known
from pipeline.curate.overlaps import find_overlaps
from pipeline.curate.steps import Reason


def find_duplicates(known: Known, clusters: Path | None, overlap: Overlap | None) -> dict[int, Reason]:
    """Index of each document that is dropped -> why. Documents of corpora that come first are never dropped."""
    dropped = dict(_equal(known))
    if clusters is not None:
        for index, reason in _near(known, clusters):
            dropped.setdefault(index, reason)
    if overlap is not None:
        dropped |= dict(find_overlaps(known, overlap, dropped))
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
