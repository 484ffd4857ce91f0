"""Filter one corpus and measure what is left; every dropped document has a reason, every reason a count.

Reads `documents.parquet` and `heldout.parquet`; writes the same two, `dropped.parquet` (split, id, reason,
evidence) and `card.json`. The training documents go first, so that of two equal documents on both
sides the held-out one is dropped.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.document import Document, read_documents, write_documents
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.curate.characteristics import Characteristics
from pipeline.curate.config import Curation
from pipeline.curate.decontaminate import Decontaminator
from pipeline.curate.steps import Duplicates, Filter, Reason, few_steps, has_mark, outside, short_answers
from pipeline.tasks.suite import Suite, load_suite

_DROPPED = pa.schema([(name, pa.string()) for name in ("split", "id", "reason", "evidence")])
_WORLD_SPLIT = {"documents": "train", "heldout": "test"}


def curate(
    config: Curation,
    documents: Path,
    *,
    suites: Sequence[Suite],
    study_key: str,
    data_root: Path | None,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Write what stays of a corpus into `out`.

    documents: a folder that `collect` wrote. suites: every eval set in use.
    Raises UserError where nothing stays, and for a suite whose file is missing.
    """
    decontaminator = _decontaminator(config, suites, study_key, data_root, out) if config.decontaminate else None
    duplicates = Duplicates()
    like = Characteristics()
    dropped: list[tuple[str, str, str, str]] = []
    read: Counter[str] = Counter()

    def kept(split: str, steps: Sequence[Filter]) -> Iterator[Document]:
        for document in read_documents(documents / f"{split}.parquet"):
            read[split] += 1
            if reason := first_reason(document, steps):
                dropped.append((split, document.id, reason.reason, reason.evidence))
            else:
                if split == "documents":
                    like.add(document)
                yield document

    counts: dict[str, int] = {}
    for done, split in enumerate(_WORLD_SPLIT):
        track.progress(done, len(_WORLD_SPLIT), "splits", split)
        steps = _steps(config, split, duplicates, decontaminator)
        counts[split] = write_documents(out / f"{split}.parquet", kept(split, steps))
    if not counts["documents"]:
        reasons = dict(Counter(reason for _, _, reason, _ in dropped))
        raise UserError(f"curation of {documents.name} drops every document {reasons}; loosen its filters")
    _write_dropped(out / "dropped.parquet", dropped)
    _write_card(out / "card.json", _card(read, counts, dropped, decontaminator, like))
    return Ledger(documents=sum(counts.values()))


def _steps(config: Curation, split: str, duplicates: Duplicates, decontaminator: Decontaminator | None) -> list[Filter]:
    """The filters of a split, cheap ones first; exact deduplication last, as it remembers what it keeps."""
    steps: list[Filter] = [has_mark, short_answers(config), few_steps(config)]
    if config.is_world:
        steps.append(outside(_WORLD_SPLIT[split]))
    if decontaminator is not None:
        steps.append(decontaminator)
    return [*steps, duplicates]


def first_reason(document: Document, steps: Sequence[Filter]) -> Reason | None:
    """The first filter's complaint; None where all keep the document."""
    return next((reason for step in steps if (reason := step(document)) is not None), None)


def _decontaminator(
    config: Curation, suites: Sequence[Suite], study_key: str, data_root: Path | None, out: Path
) -> Decontaminator:
    problems = {suite.name: load_suite(suite, study_key=study_key, data_root=data_root) for suite in suites}
    scratch = out / "logs" / "decontamination"
    scratch.mkdir(parents=True)
    return Decontaminator(problems, config.ngram, scratch)


def _write_dropped(path: Path, dropped: list[tuple[str, str, str, str]]) -> None:
    columns = zip(*dropped, strict=True) if dropped else ((),) * 4
    arrays = [pa.array(list(column), pa.string()) for column in columns]
    pq.write_table(pa.Table.from_arrays(arrays, schema=_DROPPED), path, compression="zstd")


def _card(
    read: Counter[str],
    counts: dict[str, int],
    dropped: list[tuple[str, str, str, str]],
    decontaminator: Decontaminator | None,
    like: Characteristics,
) -> dict[str, Any]:
    reasons = {split: Counter(row[2] for row in dropped if row[0] == split) for split in _WORLD_SPLIT}
    card: dict[str, Any] = {
        "read": dict(read),
        "kept": counts,
        "dropped": {split: dict(sorted(counter.items())) for split, counter in reasons.items()},
        "characteristics": like.to_json(),
    }
    if decontaminator is not None:
        card["decontamination"] = {
            "eval_questions": decontaminator.num_questions,
            "shorter_than_ngram": decontaminator.num_shorter,  # found only where they stand whole as a prompt
        }
    return card


def _write_card(path: Path, card: dict[str, Any]) -> None:
    path.write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2))
