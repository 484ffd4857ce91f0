"""The steps of the curation pipeline, as datatrove runs them: read a part, filter, keep, sign.

A rank reads a stretch of row groups: first those of `documents.parquet`, then those of `heldout.parquet`, so that what
all ranks keep, one rank after the other, is in the order of the files, however many ranks there are.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document as Piece
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.filters.base_filter import BaseFilter

from pipeline.core.chat import render
from pipeline.core.document import Document, DocumentWriter, read_groups
from pipeline.curate.config import Overlap
from pipeline.curate.steps import Filter, parts
from pipeline.curate.words import count_tokens, text_shingles

SPLITS = ("documents", "heldout")  # documents go first: of two equals on both sides the held-out one is dropped
FACTS = pa.schema(
    [
        ("id", pa.string()),
        ("whole", pa.string()),
        ("split", pa.string()),
        ("digest", pa.binary(16)),
        ("tokens", pa.int64()),
        ("samples", pa.list_(pa.uint64())),
    ]
)
_FACTS_PER_GROUP = 2000


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
        super().__init__(exclusion_writer=_writer(dropped))
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
        super().__init__(exclusion_writer=_writer(dropped))
        self.inner = inner

    def filter(self, doc: Piece) -> bool | tuple[bool, str]:
        """What the filter says of a text."""
        return doc.metadata["row"].is_question or self.inner.filter(doc)


def _writer(folder: Path) -> Any:
    """What is dropped is written aside whole: `dropped.parquet` and the card are made of it."""
    writer: Any = _Aside(folder)
    return writer


class _Aside:
    """Dropped documents of a rank, in order. datatrove's own writers would need them as plain JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[int, _Dropped] = {}

    def __enter__(self) -> "_Aside":
        return self

    def write(self, piece: Piece, rank: int = 0) -> None:
        if rank not in self._open:
            self._open[rank] = _Dropped(self.folder, rank)
        self._open[rank].write(piece)

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()
        self._open = {}


class _Dropped:
    """One file of dropped documents and one of why, side by side."""

    def __init__(self, folder: Path, rank: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._documents = DocumentWriter(folder / f"{rank:05d}.parquet", has_metadata=True)
        self._path = folder / f"{rank:05d}.why"
        self._why: list[tuple[str, str, str, int]] = []

    def write(self, piece: Piece) -> None:
        self._documents.write(piece.metadata["row"])
        data = piece.metadata
        self._why.append((data["split"], data["filter_reason"], data.get("evidence", ""), count_tokens(piece.text)))

    def close(self) -> None:
        self._documents.__exit__(None)
        names = ("split", "reason", "evidence", "tokens")
        columns = {name: list(values) for name, values in zip(names, zip(*self._why, strict=True), strict=True)}
        pq.write_table(pa.table(columns), self._path)


class Keep(PipelineStep):
    """Write what came so far, and what deduplication needs to know of it; pass it on to be signed."""

    type = "writer"
    name = "kept documents"

    def __init__(self, folder: Path, overlap: Overlap | None, offset: int, *, writes: bool) -> None:
        """offset: of the rank in the files' names. writes: also the documents, not only what is known of them."""
        super().__init__()
        self.folder, self.overlap, self.offset, self.writes = folder, overlap, offset, writes

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Piece]:  # noqa: ARG002
        """Write and pass on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{rank + self.offset:05d}"
        documents = DocumentWriter(self.folder / f"{name}.parquet", has_metadata=True) if self.writes else None
        with pq.ParquetWriter(self.folder / f"{name}.facts", FACTS) as facts:
            held: list[dict[str, Any]] = []
            for piece in data:
                document: Document = piece.metadata["row"]
                if documents:
                    documents.write(document)
                held.append(self._facts(document, piece))
                if len(held) == _FACTS_PER_GROUP:
                    facts.write_table(pa.Table.from_pylist(held, FACTS))
                    held = []
                yield piece
            facts.write_table(pa.Table.from_pylist(held, FACTS))
        if documents:
            documents.__exit__(None)

    def _facts(self, document: Document, piece: Piece) -> dict[str, Any]:
        rendered = render(document).text
        return {
            "id": document.id,
            "whole": whole_of(document),
            "split": piece.metadata["split"],
            "digest": blake2b(rendered.encode(), digest_size=16).digest(),
            "tokens": count_tokens(piece.text),
            "samples": sampled_shingles(piece.text, self.overlap).tolist() if self.overlap else [],
        }


def whole_of(document: Document) -> str:
    """The text that a document is a piece of; empty where it is whole."""
    import orjson

    if '"whole"' not in document.metadata:
        return ""
    whole: Any = orjson.loads(document.metadata).get("whole")
    return whole if isinstance(whole, str) else ""


def sampled_shingles(text: str, overlap: Overlap) -> np.ndarray:
    """The hashes of its n-grams that fall into the sample, each once, sorted: uint64 (N,)."""
    found = text_shingles(text, overlap.ngram)
    return np.unique(found[found % np.uint64(overlap.one_in) == 0])


class Sign(MinhashDedupSignature):
    """datatrove's signatures of our shingles, with the rank's files counted from an offset on."""

    def __init__(self, *args: Any, offset: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offset = offset

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
        """Sign what comes."""
        return super().run(data, rank + self.offset, world_size)

    def get_shingles(self, text: str) -> np.ndarray:
        """Hashed n-grams of plain words: uint64 (N, 1). Numbers count: a sum with other numbers is another problem."""
        return text_shingles(text, self.config.n_grams).reshape(-1, 1)


class Drain(PipelineStep):
    """The end of a pipeline that signs nothing."""

    type = "end"
    name = "end"

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> None:  # noqa: ARG002
        """Let everything through."""
        for _ in data:
            pass


Steps = Sequence[PipelineStep]
