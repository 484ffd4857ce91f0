"""Filter one corpus; every dropped document has a reason, every reason a count.

Reads `documents.parquet` and `heldout.parquet`; writes the same two, `dropped.parquet` (split, id, reason,
evidence ..) and `card.json`. The training documents go first, so that of two equal documents on both
sides the held-out one is dropped. Natural text goes through `natural`; the world's corpora pass exact
deduplication and the structural split only, here, in one pass.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.document import Document, read_documents, write_documents
from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.curate.characteristics import Characteristics
from pipeline.curate.config import Curation
from pipeline.curate.steps import Duplicates, Filter, Reason, few_steps, has_mark, outside, short_answers
from pipeline.tasks.suite import Suite

_DROPPED = pa.schema([(name, pa.string()) for name in ("split", "id", "reason", "evidence")])
_WORLD_SPLIT = {"documents": "train", "heldout": "test"}


def curate(  # noqa: PLR0913 - each is one thing of its own
    config: Curation,
    documents: Path,
    *,
    suites: Sequence[Suite],
    study_key: str,
    data_root: Path | None,
    out: Path,
    track: Tracker,
    against: Mapping[str, Path] | None = None,
    executor: Executor | None = None,
) -> Ledger:
    """Write what stays of a corpus into `out`.

    documents: a folder that `collect` wrote. suites: every eval set in use. against: what was curated of the corpora
    that come first, by name. executor: where the parts run; in this process where none is given.
    Raises UserError where nothing stays, and for a suite whose file is missing.
    """
    if config.is_world:
        return _curate_world(config, documents, out, track)
    from pipeline.curate.natural import curate_natural

    return curate_natural(
        config,
        documents,
        suites=suites,
        study_key=study_key,
        data_root=data_root,
        against=against or {},
        executor=executor or Executor(),
        out=out,
        track=track,
    )


def _curate_world(config: Curation, documents: Path, out: Path, track: Tracker) -> Ledger:
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
        steps = _steps(config, split, duplicates)
        counts[split] = write_documents(out / f"{split}.parquet", kept(split, steps))
    if not counts["documents"]:
        reasons = dict(Counter(reason for _, _, reason, _ in dropped))
        raise UserError(f"curation of {documents.name} drops every document {reasons}; loosen its filters")
    _write_dropped(out / "dropped.parquet", dropped)
    _write_card(out / "card.json", _card(read, counts, dropped, like))
    return Ledger(documents=sum(counts.values()))


def _steps(config: Curation, split: str, duplicates: Duplicates) -> list[Filter]:
    """The filters of a split, cheap ones first; exact deduplication last, as it remembers what it keeps."""
    return [has_mark, short_answers(config), few_steps(config), outside(_WORLD_SPLIT[split]), duplicates]


def first_reason(document: Document, steps: Sequence[Filter]) -> Reason | None:
    """The first filter's complaint; None where all keep the document."""
    return next((reason for step in steps if (reason := step(document)) is not None), None)


def _write_dropped(path: Path, dropped: list[tuple[str, str, str, str]]) -> None:
    columns = zip(*dropped, strict=True) if dropped else ((),) * 4
    arrays = [pa.array(list(column), pa.string()) for column in columns]
    pq.write_table(pa.Table.from_arrays(arrays, schema=_DROPPED), path, compression="zstd")


def _card(
    read: Counter[str],
    counts: dict[str, int],
    dropped: list[tuple[str, str, str, str]],
    like: Characteristics,
) -> dict[str, Any]:
    reasons = {split: Counter(row[2] for row in dropped if row[0] == split) for split in _WORLD_SPLIT}
    return {
        "read": dict(read),
        "kept": counts,
        "dropped": {split: dict(sorted(counter.items())) for split, counter in reasons.items()},
        "characteristics": like.to_json(),
    }


def _write_card(path: Path, card: dict[str, Any]) -> None:
    path.write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2))
