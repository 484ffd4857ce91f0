"""Encode one curated corpus with datatrove: flat token ids, document ends, a loss mask.

Reads `documents.parquet` and `heldout.parquet`; writes the shards of `core.shard` in the order of the
documents, and `meta.json` (counts). datatrove's own account of the run lies in `logs/` and is context.

A corpus is cut into parts, one task each, done side by side; a killed run carries on with the parts that are left.
"""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
from tokenizers import Tokenizer as Backend

from pipeline.core.executor import Executor, run_pipeline
from pipeline.core.files import remove_tree
from pipeline.core.ledger import Ledger
from pipeline.core.shard import HELDOUT, TRAIN, Shard
from pipeline.core.track import Tracker
from pipeline.tokenize.masked import MaskedTokenizer
from pipeline.tokenize.parts import Parts, num_parts
from pipeline.tokenize.rendered import TEXTS, Rendered, vocabulary_of

_FILES = {TRAIN: "documents.parquet", HELDOUT: "heldout.parquet"}
_SECONDS_BETWEEN_LOOKS = 2.0
_HERE = Executor()


def tokenize(tokenizer: Path, documents: Path, *, out: Path, track: Tracker, executor: Executor = _HERE) -> Ledger:
    """Encode a curated corpus into `out`, part by part; carry on with what a killed run left there.

    executor: how many parts at a time, and where; what comes out is the same.

    Raises UserError for a word that a word-level tokenizer does not know.
    """
    backend = Backend.from_file(str(tokenizer / "tokenizer.json"))
    vocabulary = vocabulary_of(backend)
    splits: dict[str, dict[str, int]] = {}
    for split, name in _FILES.items():
        pieces = Parts(out=out, split=split, number=num_parts(documents / name))
        if not pieces.is_joined:
            if pieces.number:
                reader = Rendered(documents / name, vocabulary)
                _encode(reader, tokenizer / "tokenizer.json", pieces, executor, track)
            pieces.join(_width(backend))
        splits[split] = _describe(Shard.open(out, split), documents / name)
    remove_tree(out / "parts")
    meta = {"vocab_size": backend.get_vocab_size(), "splits": splits}
    (out / "meta.json").write_bytes(orjson.dumps(meta, option=orjson.OPT_INDENT_2))
    return Ledger(
        input_tokens=sum(split["num_tokens"] for split in splits.values()),
        loss_tokens=sum(split["num_loss_tokens"] for split in splits.values()),
        documents=sum(split["num_documents"] for split in splits.values()),
    )


def _encode(reader: Rendered, tokenizer: Path, pieces: Parts, executor: Executor, track: Tracker) -> None:
    """Run datatrove over one split, a task for each part that is left."""
    pieces.begin()
    step = MaskedTokenizer(output_folder=pieces.folder, tokenizer=tokenizer, save_filename=pieces.split)
    with _one_thread_each(), _watched(pieces, track):
        run_pipeline(executor, [reader, step], tasks=pieces.number, name=pieces.split, scratch=pieces.scratch)


def _describe(shard: Shard, documents: Path) -> dict[str, int]:
    """Counts of a split; bytes are UTF-8 and without special tokens, for bits per byte."""
    return {
        "num_documents": shard.num_documents,
        "num_tokens": shard.num_tokens,
        "num_loss_tokens": int(shard.loss.sum()),
        "num_bytes": _num_bytes(documents),
    }


def _num_bytes(documents: Path) -> int:
    total = 0
    with pq.ParquetFile(documents) as file:
        for index in range(file.num_row_groups):
            for column in file.read_row_group(index, columns=list(TEXTS)).columns:
                total += sum(_bytes_of(chunk) for chunk in column.chunks)
    return total


def _bytes_of(texts: Any) -> int:
    """UTF-8 bytes of an array's texts: the last of its offsets, less the first."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return int(offsets[-1] - offsets[0]) if len(texts) else 0


def _width(backend: Backend) -> int:
    """Bytes a token, as datatrove has it."""
    return 4 if backend.get_vocab_size() > 1 << 16 else 2


@contextmanager
def _one_thread_each() -> Generator[None]:
    """Tasks share the cores, so that a task's tokenizer has one; what it yields is the same."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


@contextmanager
def _watched(pieces: Parts, track: Tracker) -> Generator[None]:
    """Tell now and then how many parts are complete: datatrove comes back only after the last one."""
    completions, over = pieces.completions, threading.Event()

    def look() -> None:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            done = sum(1 for _ in completions.glob("*"))
            track.progress(done, pieces.number, "parts", f"{pieces.split}: {done} of {pieces.number} parts")

    track.progress(0, pieces.number, "parts", pieces.split)
    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
