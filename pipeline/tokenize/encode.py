"""Encode one curated corpus with datatrove: flat token ids, document ends, a loss mask.

Reads `documents.parquet` and `heldout.parquet`; writes the shards of `core.shard` in the order of the
documents, and `meta.json` (counts). datatrove's own account of the run lies in `logs/` and is context.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from datatrove.data import Document as Piece
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger
from tokenizers import Tokenizer as Backend

from pipeline.core.chat import SPECIAL_TOKENS, render
from pipeline.core.document import Document, read_documents
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.shard import HELDOUT, TRAIN, Shard
from pipeline.core.track import Tracker
from pipeline.tokenize.masked import MaskedTokenizer
from pipeline.tokenize.tokenizer import parts

_FILES = {TRAIN: "documents.parquet", HELDOUT: "heldout.parquet"}


def tokenize(tokenizer: Path, documents: Path, *, workers: int, out: Path, track: Tracker) -> Ledger:
    """Encode a curated corpus into `out`; more than one worker lets the tokenizer use all cores.

    Raises UserError for a word that a word-level tokenizer does not know.
    """
    backend = Backend.from_file(str(tokenizer / "tokenizer.json"))
    splits: dict[str, dict[str, int]] = {}
    for done, (split, name) in enumerate(_FILES.items()):
        track.progress(done, len(_FILES), "splits", split)
        reader = _Reader(documents / name, _vocabulary(backend))
        with _threads(workers):
            _encode(reader, tokenizer / "tokenizer.json", out, split)
        splits[split] = _describe(Shard.open(out, split), documents / name)
    meta = {"vocab_size": backend.get_vocab_size(), "splits": splits}
    (out / "meta.json").write_bytes(orjson.dumps(meta, option=orjson.OPT_INDENT_2))
    return Ledger(
        input_tokens=sum(split["num_tokens"] for split in splits.values()),
        loss_tokens=sum(split["num_loss_tokens"] for split in splits.values()),
        documents=sum(split["num_documents"] for split in splits.values()),
    )


class _Reader:
    """The first step of the pipeline: our documents, rendered, as datatrove's."""

    def __init__(self, path: Path, vocabulary: frozenset[str]) -> None:
        self.path, self.vocabulary = path, vocabulary

    def __call__(self, data: object, rank: int, world_size: int) -> Iterator[Piece]:
        """One task reads all, so that order is kept."""
        assert data is None and (rank, world_size) == (0, 1)
        for document in read_documents(self.path):
            if self.vocabulary:
                _check_words(document, self.vocabulary)
            text, loss_start = render(document)
            yield Piece(text=text, id=document.id, metadata={"loss_start": loss_start})


def _encode(reader: _Reader, tokenizer: Path, out: Path, split: str) -> None:
    """Run datatrove over one split and give its files our names."""
    step = MaskedTokenizer(output_folder=out, tokenizer=tokenizer, save_filename=split)
    pipeline: list[PipelineStep | Callable[..., object]] = [reader, step]
    with _quiet():
        LocalPipelineExecutor(pipeline, tasks=1, workers=1, logging_dir=str(out / "logs" / split)).run()
    for ending in ("", ".index", ".loss"):
        (out / f"{split}_00000_unshuffled.ds{ending}").rename(out / f"{split}.ds{ending}")


def _describe(shard: Shard, documents: Path) -> dict[str, int]:
    """Counts of a split; bytes are UTF-8 and without special tokens, for bits per byte."""
    num_bytes = sum(len(part.encode()) for document in read_documents(documents) for part in parts(document))
    return {
        "num_documents": shard.num_documents,
        "num_tokens": shard.num_tokens,
        "num_loss_tokens": int(shard.loss.sum()),
        "num_bytes": num_bytes,
    }


def _vocabulary(backend: Backend) -> frozenset[str]:
    """The words of a word-level tokenizer; empty for one that can spell any text."""
    model = orjson.loads(backend.to_str())["model"]
    return frozenset(model["vocab"]).difference(SPECIAL_TOKENS) if model["type"] == "WordLevel" else frozenset()


def _check_words(document: Document, vocabulary: frozenset[str]) -> None:
    for part in parts(document):
        if unknown := set(part.split()) - vocabulary:
            word = min(unknown)
            raise UserError(
                f"document {document.id!r} has the word {word!r}, which the tokenizer lacks; use `bpe` for natural text"
            )


@contextmanager
def _threads(workers: int) -> Generator[None]:
    """Let the tokenizer use all cores, or one; what it yields is the same."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "true" if workers > 1 else "false"
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


@contextmanager
def _quiet() -> Generator[None]:
    """Keep datatrove's log off the terminal, where the study shows its progress; errors are raised all the same."""
    logger.disable("datatrove")
    try:
        yield
    finally:
        logger.enable("datatrove")
