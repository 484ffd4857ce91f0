"""Gather the raw documents of one corpus.

Writes `documents.parquet` (to train on), `heldout.parquet` (never trained on) and `counts.json`. The world's
documents depend on the study key; what is held out of files and hub data sets depends on the documents' ids alone, so
that every seed of a study holds out the same. Everything streams: a group of documents is in memory at a time.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.document import Document, DocumentWriter, write_documents
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.seeds import keyed_int
from pipeline.core.track import Tracker
from pipeline.sources.config import Corpus, Files, Hub, Reading
from pipeline.sources.files import file_checksums, find_files, verify_checksums
from pipeline.sources.hub import hub_rows
from pipeline.sources.notes import Notes
from pipeline.sources.rows import documents_of, from_rows
from pipeline.tasks.probes.shifts import alchemy_documents
from pipeline.tasks.world.corpus import documents as world_documents
from pipeline.tasks.world.split import Split

__all__ = ["collect", "file_checksums"]

_REPORTED = 2000  # documents between two reports
Units = Iterator[tuple[str, Document]]


def collect(config: Corpus, *, study_key: str, data_root: Path | None, out: Path, track: Tracker) -> Ledger:
    """Write a corpus's documents into `out`.

    Raises UserError for files that are missing, changed or not what the config says of them, and for a hub data set
    that cannot be had.
    """
    reading = config.files or config.hub
    if reading is not None:
        counts = _collect_read(config.name, reading, data_root, out, track)
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


def _collect_read(name: str, reading: Files | Hub, data_root: Path | None, out: Path, track: Tracker) -> dict[str, Any]:
    """Documents in the order of the files' names and of their rows; what is left out is counted by reason."""
    notes = Notes()
    with (
        DocumentWriter(out / "documents.parquet", has_metadata=True) as training,
        DocumentWriter(out / "heldout.parquet", has_metadata=True) as held_out,
    ):
        units = _kept(_read(reading, data_root, notes), reading, notes)
        for number, (unit, document) in enumerate(units):
            (held_out if is_held_out(unit, reading.heldout_share) else training).write(document)
            if number % _REPORTED == 0:
                track.progress(number, reading.max_documents or 0, "documents", document.source)
    counts = {"documents": training.count, "heldout": held_out.count, **notes.to_json()}
    if not training.count:
        told = {key: counts[key] for key in ("documents", "heldout", "dropped")}
        raise UserError(f"corpus {name!r} has no document to train on ({told}); look at its files and heldout_share")
    return counts


def _read(reading: Files | Hub, data_root: Path | None, notes: Notes) -> Units:
    if isinstance(reading, Hub):
        every = from_rows(reading, reading.dataset, hub_rows(reading, data_root), notes)
    else:
        verify_checksums(reading, data_root)
        found = find_files(reading, data_root)
        every = (item for name, path in found.items() for item in documents_of(reading, name, path, notes))
    return islice(every, reading.max_documents)


def _kept(units: Units, reading: Reading, notes: Notes) -> Units:
    """Without empty documents, and, where rows bring their own ids, without ids that came before."""
    seen: set[int] | None = set() if "id" in reading.columns else None
    for unit, document in units:
        if not (document.text or (document.prompt and document.answer)):
            notes.drop("empty", document.id)
            continue
        if seen is not None:
            key = keyed_int("id", document.id)
            if key in seen:
                notes.drop("duplicate_id", document.id)
                continue
            seen.add(key)
        yield unit, document


def is_held_out(unit: str, share: float) -> bool:
    """Whether a document (a file, for text) is held out, by a hash of its id."""
    return keyed_int("heldout", unit) < share * 2**128


def _reported(documents: Iterator[Document], total: int | None, track: Tracker) -> Iterator[Document]:
    """Pass documents on, saying now and then how many there were."""
    for number, document in enumerate(documents):
        if total and number % _REPORTED == 0:
            track.progress(number, total, "documents")
        yield document
