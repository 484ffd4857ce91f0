"""Gather the raw documents of one corpus.

Writes `documents.parquet` (to train on), `heldout.parquet` (never trained on) and `counts.json`. The world's
documents depend on the study key; what files hold out depends on the documents' ids alone, so that every seed
of a study holds out the same.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson

from pipeline.core.document import Document, write_documents
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.seeds import keyed_int
from pipeline.core.track import Tracker
from pipeline.sources.config import Corpus, Files
from pipeline.sources.files import file_checksums, find_files, verify_checksums
from pipeline.sources.rows import documents_of
from pipeline.tasks.probes.shifts import alchemy_documents
from pipeline.tasks.world.corpus import documents as world_documents
from pipeline.tasks.world.split import Split

__all__ = ["collect", "file_checksums"]


def collect(config: Corpus, *, study_key: str, data_root: Path | None, out: Path, track: Tracker) -> Ledger:
    """Write a corpus's documents into `out`.

    Raises UserError for files that are missing, changed or not what the config says of them.
    """
    if config.files is not None:
        counts = _collect_files(config.name, config.files, data_root, out, track)
    else:
        counts = _collect_drawn(config, study_key, out, track)
    (out / "counts.json").write_bytes(orjson.dumps(counts, option=orjson.OPT_INDENT_2))
    return Ledger(documents=counts["documents"] + counts["heldout"])


def _collect_drawn(config: Corpus, study_key: str, out: Path, track: Tracker) -> dict[str, int]:
    """Training documents from the train split, held-out ones from the test split."""
    dials = config.world or config.alchemy
    assert dials is not None
    train = _drawn(config, study_key, "train", dials.num_documents)
    test = _drawn(config, study_key, "test", config.heldout_documents)
    return {
        "documents": write_documents(out / "documents.parquet", _reported(train, dials.num_documents, track)),
        "heldout": write_documents(out / "heldout.parquet", test),
        "empty": 0,
    }


def _drawn(config: Corpus, study_key: str, split: Split, count: int) -> Iterator[Document]:
    stream = config.stream or config.name
    if config.alchemy is not None:
        return alchemy_documents(config.alchemy, study_key=study_key, stream=stream, split=split, count=count)
    assert config.world is not None
    return world_documents(config.world, study_key=study_key, stream=stream, split=split, count=count)


def _collect_files(name: str, files: Files, data_root: Path | None, out: Path, track: Tracker) -> dict[str, int]:
    """Documents of files, in the order of the files' names; empty ones dropped and counted."""
    verify_checksums(files, data_root)
    counts = {"documents": 0, "heldout": 0, "empty": 0}
    held_out: list[Document] = []

    def training() -> Iterator[Document]:
        for unit, document in _read_all(files, data_root):
            if not (document.text or (document.prompt and document.answer)):
                counts["empty"] += 1
            elif is_held_out(unit, files.heldout_share):
                held_out.append(document)
            else:
                yield document

    counts["documents"] = write_documents(out / "documents.parquet", _reported(training(), files.max_documents, track))
    counts["heldout"] = write_documents(out / "heldout.parquet", held_out)
    if not counts["documents"]:
        raise UserError(f"corpus {name!r} has no document to train on ({counts}); look at its files and heldout_share")
    return counts


def _read_all(files: Files, data_root: Path | None) -> Iterator[tuple[str, Document]]:
    found = find_files(files, data_root)
    every = (item for name, path in found.items() for item in documents_of(files, name, path))
    return islice(every, files.max_documents)


def is_held_out(unit: str, share: float) -> bool:
    """Whether a document (a file, for text) is held out, by a hash of its id."""
    return keyed_int("heldout", unit) < share * 2**128


def _reported(documents: Iterator[Document], total: int | None, track: Tracker) -> Iterator[Document]:
    """Pass documents on, saying now and then how many there were."""
    for number, document in enumerate(documents):
        if total and number % 2000 == 0:
            track.progress(number, total, "documents")
        yield document
