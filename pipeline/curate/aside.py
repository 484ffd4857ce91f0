"""Dropped documents, written aside whole: `dropped.parquet` and the card are made of them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document as Piece

from pipeline.core.document import DocumentWriter
from pipeline.curate.words import count_tokens


def writer_of(folder: Path) -> Any:
    """A writer as datatrove's filters take it: `RRRRR.parquet` and `RRRRR.why` of each rank in the folder."""
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
