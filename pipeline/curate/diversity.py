"""Diversity over a keyed sample of documents, without embeddings: four views, none of which sees all.

    ngram_entropy_bits   Shannon entropy of words, pairs and triples. Sees how even the wording is; grows with the
    sample, so
                         compare samples of equal size; does not see what is meant, nor two corpora with the same
                         phrases.
    distinct_ngram_share distinct n-grams among all. Sees boilerplate; depends on the sample's size likewise.
    compression_ratio    bytes over bytes after zlib, in the sample's order. Sees repetition within some 32 kB, across
                         neighbouring documents too; not far ones. Higher is less diverse.
    clusters             groups of documents that share about half their 5-word shingles (MinHash of 64 in 16 bands of
    4,
                         so pairs at s meet with probability 1 - (1 - s^4)^16). Sees templates and copies; paraphrases
                         and the same task with other wording are apart. `largest_cluster_share` is the biggest
                         template.

The sample also leaves a sketch: how two corpora overlap can be told from two sketches, without reading them again.
"""

import heapq
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.core.seeds import generator, keyed_int
from pipeline.curate.characteristics import entropy_bits
from pipeline.curate.config import Measuring
from pipeline.curate.words import plain_words, shingles

_BANDS, _PER_BAND, _SHINGLE = 16, 4, 5
SKETCHED = 20_000  # smallest shingle hashes of the sample
_PRIME = np.uint64((1 << 61) - 1)


@dataclass
class Diversity:
    """Keeps the documents with the smallest keys, whatever order they come in."""

    config: Measuring
    held: list[tuple[int, str, str]] = field(default_factory=list)  # a heap: the largest key on top

    def add(self, identity: str, text: str) -> None:
        """Show one document."""
        key = -keyed_int("measured", identity)
        if len(self.held) < self.config.sample_documents:
            heapq.heappush(self.held, (key, identity, text))
        elif key > self.held[0][0]:
            heapq.heapreplace(self.held, (key, identity, text))

    def texts(self) -> list[str]:
        """The sample, by key."""
        return [text for _, _, text in sorted(self.held, reverse=True)]

    def to_json(self) -> dict[str, Any]:
        """The four views."""
        texts = self.texts()
        words = [plain_words(text) for text in texts]
        raw = "\n".join(texts).encode()
        return {
            "sample_documents": len(texts),
            "sample_words": sum(map(len, words)),
            "distinct_words": len({word for found in words for word in found}),
            "ngram_entropy_bits": {str(size): _entropy(words, size) for size in self.config.ngrams},
            "distinct_ngram_share": {str(size): _distinct(words, size) for size in self.config.ngrams},
            "compression_ratio": round(len(raw) / len(zlib.compress(raw, 6)), 4) if raw else 0.0,
            **_clusters([shingles(found, _SHINGLE) for found in words]),
        }

    def sketch(self) -> np.ndarray:
        """The smallest hashes of the sample's shingles, sorted: uint64 (at most SKETCHED,)."""
        found = [shingles(plain_words(text), _SHINGLE) for text in self.texts()]
        return np.unique(np.concatenate(found))[:SKETCHED] if found else np.zeros(0, np.uint64)


def _counts(words: list[list[str]], size: int) -> np.ndarray:
    found = [shingles(each, size) for each in words]
    return np.unique(np.concatenate(found), return_counts=True)[1] if found else np.zeros(0, np.int64)


def _entropy(words: list[list[str]], size: int) -> float:
    counts = _counts(words, size)
    shares = counts / max(counts.sum(), 1)
    return round(float(-(np.sort(shares) * np.log2(np.sort(shares))).sum()), 4) if len(counts) else 0.0


def _distinct(words: list[list[str]], size: int) -> float:
    counts = _counts(words, size)
    return round(len(counts) / int(counts.sum()), 4) if len(counts) else 0.0


def _clusters(found: list[np.ndarray]) -> dict[str, Any]:
    """Documents joined where a band of their signatures is equal; those with no shingle stand alone."""
    parents = list(range(len(found)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    seen: dict[tuple[int, bytes], int] = {}
    for index, hashes in enumerate(found):
        if len(hashes):
            for band, part in enumerate(_signature(hashes)):
                parents[root(index)] = root(seen.setdefault((band, part.tobytes()), index))
    sizes = Counter(root(index) for index in range(len(found)))
    return {
        "clusters": len(sizes),
        "clusters_per_document": round(len(sizes) / len(found), 4) if found else 0.0,
        "largest_cluster_share": round(max(sizes.values()) / len(found), 4) if found else 0.0,
        "cluster_entropy_bits": entropy_bits(sizes),
    }


def _signature(hashes: np.ndarray) -> np.ndarray:
    """uint64 (bands, per band): the smallest values under so many hash functions."""
    draw = generator("measure", "minhash")
    factors, shifts = draw.integers(1, 2**61 - 1, (2, _BANDS * _PER_BAND), dtype=np.uint64)
    values = hashes[:, None] * factors + shifts
    return (values % _PRIME).min(axis=0).reshape(_BANDS, _PER_BAND)
