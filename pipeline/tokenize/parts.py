"""A shard written part by part, each by a task of its own, and joined in order.

The parts lie in `parts/` of the work folder. A kill at any instant leaves whole parts, which are used, and broken ones,
which are found and made again; what has been joined is noted in `parts/<split>.json`, and anything after it is cut off.
The bytes do not depend on how many parts there were.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq

from pipeline.core.files import write_atomically
from pipeline.core.shard import ENDINGS

_BYTES_OF_A_PART = 8_000_000  # of text: some seconds of one core
_MOST_PARTS = 1024
_BYTES_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """How far the joining has come."""

    parts: int = 0
    tokens: int = 0
    documents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one split."""

    out: Path
    split: str
    number: int

    @property
    def folder(self) -> Path:
        """Where they lie until they are joined."""
        return self.out / "parts"

    @property
    def scratch(self) -> Path:
        """Where datatrove keeps its account of the tasks; it is context."""
        return self.out / "logs"

    @property
    def completions(self) -> Path:
        """A marker for each task that is complete, as `core.executor` and datatrove name them."""
        return self.scratch / "done" / f"{self.split}-of-{self.number}" / "completions"

    def begin(self) -> None:
        """Make way for the tasks that are left: unmark those whose files are not whole, remove what is no whole part.

        Removed, not written over: a process that outlived the run which started it may still have the file open.
        """
        self.folder.mkdir(exist_ok=True)
        joined = self._joined().parts
        for part in range(joined, self.number):
            marker = self.completions / f"{part:05d}"
            if marker.exists() and not self._is_whole(part):
                marker.unlink()
            if not marker.exists():
                for path in self._paths(part):
                    path.unlink(missing_ok=True)

    def join(self, width: int) -> None:
        """Append each part to the shard and remove it. width: bytes a token."""
        finals = [self.out / f"{self.split}.ds{ending}" for ending in ENDINGS]
        joined = self._joined()
        self.folder.mkdir(exist_ok=True)
        self._write_note(joined)  # before the first byte: without a note, what is there counts as whole
        for path, size in zip(finals, _sizes(joined, width), strict=True):
            path.touch()
            os.truncate(path, size)
        for part in range(joined.parts, self.number):
            paths = self._paths(part)
            ends = np.fromfile(paths[1], np.uint64)
            _append(paths[0], finals[0])
            _append(paths[2], finals[2])
            _write_through(finals[1], (ends + np.uint64(joined.tokens)).tobytes())
            tokens = joined.tokens + (int(ends[-1]) if len(ends) else 0)
            joined = Joined(parts=part + 1, tokens=tokens, documents=joined.documents + len(ends))
            self._write_note(joined)
            for path in paths:
                path.unlink()
        self._note.unlink()

    @property
    def is_joined(self) -> bool:
        """Whether an earlier process came to the end with this split."""
        return (self.out / f"{self.split}.ds.index").exists() and not self._note.exists()

    @property
    def _note(self) -> Path:
        return self.folder / f"{self.split}.json"

    def _write_note(self, joined: Joined) -> None:
        write_atomically(self._note, orjson.dumps(asdict(joined)))

    def _joined(self) -> Joined:
        return Joined(**orjson.loads(self._note.read_bytes())) if self._note.exists() else Joined()

    def _paths(self, part: int) -> list[Path]:
        return [self.folder / f"{self.split}_{part:05d}_unshuffled.ds{ending}" for ending in ENDINGS]

    def _is_whole(self, part: int) -> bool:
        """Whether the three files are there and of sizes that belong together."""
        paths = self._paths(part)
        if not all(path.exists() for path in paths) or paths[1].stat().st_size % 8:
            return False
        ends = np.fromfile(paths[1], np.uint64)
        num_tokens = int(ends[-1]) if len(ends) else 0
        return paths[2].stat().st_size == num_tokens and paths[0].stat().st_size in (2 * num_tokens, 4 * num_tokens)


def num_parts(documents: Path) -> int:
    """How many parts to cut a corpus into: by the bytes of its texts, and no more than it has documents; 0 if empty."""
    with pq.ParquetFile(documents) as file:
        groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
        num_bytes = sum(group.total_byte_size for group in groups)
        return min(max(1, num_bytes // _BYTES_OF_A_PART), file.metadata.num_rows, _MOST_PARTS)


def _sizes(joined: Joined, width: int) -> tuple[int, int, int]:
    return joined.tokens * width, joined.documents * 8, joined.tokens


def _append(path: Path, to: Path) -> None:
    with path.open("rb") as file:
        while data := file.read(_BYTES_AT_ONCE):
            _write_through(to, data)


def _write_through(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
