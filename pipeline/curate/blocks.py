"""The steps of the curation pipeline, as datatrove runs them: read a part and filter it; `ending` has the rest.

A rank reads a stretch of row groups: first those of `documents.parquet`, then those of `heldout.parquet`, so that what
all ranks keep, one rank after the other, is in the order of the files, however many ranks there are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document as Piece
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters.base_filter import BaseFilter

from pipeline.core.document import Document, read_groups
from pipeline.curate.aside import writer_of
from pipeline.curate.steps import Filter, parts

SPLITS = ("documents", "heldout")  # documents go first: of two equals on both sides the held-out one is dropped


class Read(PipelineStep):
    """Our documents as datatrove's; the document itself goes along in the metadata."""

    type = "reader"
    name = "curated corpus"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Piece]:
        """The documents of this rank's part."""
        assert data is None
        for split, document in read_part(self.folder, rank, world_size):
            yield Piece(text="\n".join(parts(document)), id=document.id, metadata={"row": document, "split": split})


def read_part(folder: Path, rank: int, world_size: int) -> Iterator[tuple[str, Document]]:
    """Documents of a stretch of the row groups of both files, with the file that each is of."""
    files = {split: pq.ParquetFile(folder / f"{split}.parquet") for split in SPLITS}
    groups = [(split, group) for split, file in files.items() for group in range(file.num_row_groups)]
    for split, group in groups[rank * len(groups) // world_size : (rank + 1) * len(groups) // world_size]:
        for document in read_groups(files[split], [group]):
            yield split, document
    for file in files.values():
        file.close()


class Checked(BaseFilter):
    """One of our filters as one of datatrove's."""

    name = "checked"

    def __init__(self, check: Filter, dropped: Path) -> None:
        super().__init__(exclusion_writer=writer_of(dropped))
        self.check = check

    def filter(self, doc: Piece) -> bool | tuple[bool, str]:
        """Keep it, or say why not; the evidence goes along with what is dropped."""
        reason = self.check(doc.metadata["row"])
        if reason is None:
            return True
        doc.metadata["evidence"] = reason.evidence
        return False, reason.reason


class PlainOnly(BaseFilter):
    """A filter of datatrove's for plain text; questions pass, for its thresholds were set on pages of the web."""

    name = "plain text only"

    def __init__(self, inner: BaseFilter, dropped: Path) -> None:
        super().__init__(exclusion_writer=writer_of(dropped))
        self.inner = inner

    def filter(self, doc: Piece) -> bool | tuple[bool, str]:
        """What the filter says of a text."""
        return doc.metadata["row"].is_question or self.inner.filter(doc)
