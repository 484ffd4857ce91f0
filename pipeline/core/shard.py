"""An encoded corpus on disk, in datatrove's format: flat token ids, document ends, a loss mask.

`<name>.ds` holds token ids (2 or 4 bytes each), `<name>.ds.index` the end of each document (uint64),
`<name>.ds.loss` one byte a token: 1 where the token carries loss under the rule `answers`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

TRAIN, HELDOUT = "train", "heldout"  # the two shards of every encoded corpus


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
        ends = np.fromfile(path.with_name(path.name + ".index"), dtype=np.uint64)
        num_tokens = int(ends[-1]) if len(ends) else 0
        if num_tokens == 0:
            return cls(np.zeros(0, np.uint16), ends, np.zeros(0, np.bool_))
        width = path.stat().st_size // num_tokens
        assert width in (2, 4), f"{path}: {width} bytes a token"
        tokens = np.memmap(path, dtype=np.uint16 if width == 2 else np.uint32, mode="r")
        loss = np.memmap(path.with_name(path.name + ".loss"), dtype=np.bool_, mode="r")
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
        """uint64 (num_documents,): where each document begins."""
        return np.concatenate([np.zeros(1, np.uint64), self.ends[:-1]])

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and loss mask of one document, both (length,)."""
        start = int(self.ends[index - 1]) if index else 0
        end = int(self.ends[index])
        return self.tokens[start:end], self.loss[start:end]
