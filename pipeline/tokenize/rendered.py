"""Documents as the encoder reads them: rendered with their marks, a task's stretch at a time, their words checked."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.data import Document as Piece
from tokenizers import Tokenizer as Backend
from tokenizers.models import WordLevel

from pipeline.core.chat import SPECIAL_TOKENS, render
from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.tokenize.tokenizer import parts

TEXTS = ("text", "prompt", "reasoning", "answer")  # the columns that are encoded


class Rendered:
    """The first step of the pipeline: our documents, rendered, as datatrove's. A task reads a stretch of them."""

    def __init__(self, path: Path, vocabulary: frozenset[str]) -> None:
        self.path, self.vocabulary = path, vocabulary

    def __call__(self, data: object, rank: int, world_size: int) -> Iterator[Piece]:
        """The documents of task `rank` of `world_size`, in order."""
        assert data is None
        for document in _stretch(self.path, rank, world_size):
            if self.vocabulary:
                _check_words(document, self.vocabulary)
            text, loss_start = render(document)
            yield Piece(text=text, id=document.id, metadata={"loss_start": loss_start})


def _stretch(path: Path, rank: int, world_size: int) -> Iterator[Document]:
    """A part of a file's documents, with their texts alone; only the groups that it touches are read."""
    with pq.ParquetFile(path) as file:
        total = file.metadata.num_rows
        first, end = total * rank // world_size, total * (rank + 1) // world_size
        at = 0
        for index in range(file.num_row_groups):
            size = file.metadata.row_group(index).num_rows
            if at < end and at + size > first:
                group = file.read_row_group(index, columns=["id", *TEXTS])
                begin = max(first - at, 0)
                for row in group.slice(begin, min(end - at, size) - begin).to_pylist():
                    yield Document(source="", **row)
            at += size


def vocabulary_of(backend: Backend) -> frozenset[str]:
    """The words of a word-level tokenizer; empty for one that can spell any text."""
    words = backend.get_vocab(with_added_tokens=False) if isinstance(backend.model, WordLevel) else {}
    return frozenset(words).difference(SPECIAL_TOKENS)


def _check_words(document: Document, vocabulary: frozenset[str]) -> None:
    for part in parts(document):
        if unknown := set(part.split()) - vocabulary:
            word = min(unknown)
            raise UserError(
                f"document {document.id!r} has the word {word!r}, which the tokenizer lacks; use `bpe` for natural text"
            )
