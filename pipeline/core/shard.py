"""An encoded corpus on disk, in datatrove's format: flat token ids, document ends, a loss mask.

`<name>.ds` holds token ids (2 or 4 bytes each), `<name>.ds.index` the end of each document (uint64),
`<name>.ds.loss` one byte a token: 1 where the token carries loss under the rule `answers`. All three are
mapped, so that a corpus of any size takes no memory but for the pages that are looked at.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

TRAIN, HELDOUT = "train", "heldout"  # the two shards of every encoded corpus
ENDINGS = ("", ".index", ".loss")  # of a shard's files, after `<name>.ds`


@dataclass(frozen=True, slots=True)
class Shard:
    """Memory-mapped documents of token ids."""

    tokens: np.ndarray  # uint16 or uint32 (num_tokens,)
    ends: np.ndarray  # uint64 (num_documents,), end of each document in `tokens`
    loss: np.ndarray  # bool (num_tokens,)

    @classmethod
    def open(cls, folder: Path, name: str = TRAIN) -> Self:
        """Map `<folder>/<name>.ds*`; the width of a token follows from the file's size."""
        path = folder / f"{name}.ds"
        ends = _map(path.with_name(path.name + ".index"), np.uint64)
        num_tokens = int(ends[-1]) if len(ends) else 0
        if num_tokens == 0:
            return cls(np.zeros(0, np.uint16), ends, np.zeros(0, np.bool_))
        width, rest = divmod(path.stat().st_size, num_tokens)
        assert width in (2, 4) and not rest, f"{path}: {path.stat().st_size} bytes for {num_tokens} tokens"
        tokens = _map(path, np.uint16 if width == 2 else np.uint32)
        loss = _map(path.with_name(path.name + ".loss"), np.bool_)
        assert len(loss) == num_tokens, f"{path}: a loss mask for {len(loss)} of {num_tokens} tokens"
        return cls(tokens, ends, loss)

    @property
    def num_documents(self) -> int:
        """How many documents it holds."""
        return len(self.ends)

    @property
    def num_tokens(self) -> int:
        """How many tokens it holds."""
        return len(self.tokens)

    @property
    def starts(self) -> np.ndarray:
        """uint64 (num_documents,): where each document begins. In memory; `spans` asks for some."""
        return np.concatenate([np.zeros(1, np.uint64), self.ends[:-1]])

    def spans(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where documents begin and end in `tokens`. documents: int64 (N,). Returns int64 (N,), twice."""
        ends = self.ends[documents].astype(np.int64)
        starts = np.where(documents > 0, self.ends[documents - 1], np.uint64(0)).astype(np.int64)
        return starts, ends

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and loss mask of one document, both (length,)."""
        start = int(self.ends[index - 1]) if index else 0
        end = int(self.ends[index])
        return self.tokens[start:end], self.loss[start:end]


def _map(path: Path, dtype: type) -> np.ndarray:
    if path.stat().st_size == 0:  # which cannot be mapped
        return np.zeros(0, dtype)
    return np.memmap(path, dtype=dtype, mode="r")
