"""The end of a corpus's pipeline: keep what came so far, note what deduplication needs to know of it, and sign it."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document as Piece
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import MinhashDedupSignature

from pipeline.core.chat import render
from pipeline.core.document import Document, DocumentWriter
from pipeline.curate.config import Overlap
from pipeline.curate.words import count_tokens, text_shingles

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
