"""What was generated and scored so far, kept on disk part by part, so that a killed eval goes on from there.

A part is named by a hash of all that decides it, and written whole or not at all; asked for again, it is read.
Completions come back bit by bit as they were, so that a resumed eval ends with the bytes of an uninterrupted one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipeline.core.files import remove_tree, write_atomically
from pipeline.lm.generation.completer import Completer
from pipeline.lm.generation.generate import Said, Settings

_FOLDER = "parts"
_SIZE = 512


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts below a stage's work folder, or none: then everything is made anew."""

    folder: Path | None
    size: int = _SIZE  # completions, or sequences scored, that are made together: what a killed eval may lose

    @classmethod
    def below(cls, out: Path, size: int = _SIZE) -> "Parts":
        """Parts that outlive a kill together with the work folder."""
        return cls(out / _FOLDER, size)

    def say(
        self,
        completer: Completer,
        prompts: Sequence[Sequence[int]],
        settings: Settings,
        advance: Callable[[int], object],
    ) -> list[Said]:
        """Completions in the order of the prompts, part by part. `advance` hears how many there are, kept or made."""
        said = [Said([], [])] * len(prompts)
        for rows in parts_by_length(list(map(len, prompts)), self.size):
            part = self._say(completer, [prompts[row] for row in rows], settings.only(rows), advance)
            for row, each in zip(rows, part, strict=True):
                said[row] = each
        return said

    def _say(
        self,
        completer: Completer,
        prompts: Sequence[Sequence[int]],
        settings: Settings,
        advance: Callable[[int], object],
    ) -> list[Said]:
        told = 0

        def tell(count: int) -> None:
            nonlocal told
            told += count
            advance(count)

        identity = ["say", completer.name, list(prompts), settings.identity]
        said = self.completions(identity, lambda: completer.complete(prompts, settings, tell))
        advance(len(prompts) - told)  # all of them, where the part was there already
        return said

    def completions(self, identity: Any, make: Callable[[], list[Said]]) -> list[Said]:
        """Kept completions, or those that `make` makes. identity: plain data that decides them."""
        logprobs = np.float32
        path = self._path(identity)
        if path is None:
            return make()
        if not path.exists():
            said = make()
            _write(path, [each.tokens for each in said], [each.logprobs for each in said], logprobs)
            return said
        tokens, scores = _read(path)
        return [Said(row.tolist(), values.tolist()) for row, values in zip(tokens, scores, strict=True)]

    def scores(self, identity: Any, make: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        """Kept log-probabilities, float64, or those that `make` makes."""
        path = self._path(identity)
        if path is None:
            return make()
        if not path.exists():
            scores = make()
            _write(path, [], scores, np.float64)
            return scores
        return list(_read(path)[1])

    def clear(self) -> None:
        """Remove them: the stage is done."""
        if self.folder is not None and self.folder.exists():
            remove_tree(self.folder)

    def _path(self, identity: Any) -> Path | None:
        if self.folder is None:
            return None
        digest = blake2b(orjson.dumps(identity), digest_size=16).hexdigest()
        return self.folder / f"{digest}.npz"


def parts_by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Numbers of the rows in each part, longest first, so that rows of a part are of similar length."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    return [order[start : start + size] for start in range(0, len(order), size)]


def _write(path: Path, tokens: Sequence[Sequence[int]], scores: Sequence[Any], dtype: Any) -> None:
    buffer = BytesIO()
    np.savez(
        buffer,
        tokens=_joined(tokens, np.int64),
        token_counts=np.array([len(row) for row in tokens], np.int64),
        scores=_joined(scores, dtype),
        score_counts=np.array([len(row) for row in scores], np.int64),
    )
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, buffer.getvalue())


def _read(path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    with np.load(path, allow_pickle=False) as part:
        return _split(part["tokens"], part["token_counts"]), _split(part["scores"], part["score_counts"])


def _joined(rows: Sequence[Any], dtype: Any) -> np.ndarray:
    return np.concatenate([np.asarray(row, dtype) for row in rows]) if len(rows) else np.zeros(0, dtype)


def _split(values: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    return np.split(values, np.cumsum(counts)[:-1]) if len(counts) else []
