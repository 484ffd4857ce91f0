"""The card of a corpus, before and after curation. Nothing is built on it, so that a better measure retrains no model.

Reads what `collect` and `curate` wrote; writes `card.json` (`before`, `after`, `curation`) and `sketch.npy`, from which
`compare` tells how far two corpora overlap.
"""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipeline.core.document import read_documents
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.curate.card import Card
from pipeline.curate.config import Measuring
from pipeline.curate.observed import observe

CARD, SKETCH, DOCUMENTS = "card.json", "sketch.npy", "documents.parquet"
_REPORTED = 5000


def measure(config: Measuring, raw: Path, curated: Path, *, out: Path, track: Tracker) -> Ledger:
    """Measure the training documents of both folders. What is held out is counted in `curation`."""
    before, after = Card(config), Card(config)
    staying = (document.id for document in read_documents(curated / DOCUMENTS))
    next_one = next(staying, None)
    for number, document in enumerate(read_documents(raw / DOCUMENTS)):
        seen = observe(document, sums=config.sums)
        before.add(seen)
        if document.id == next_one:  # what stays has kept its order
            after.add(seen)
            next_one = next(staying, None)
        if number % _REPORTED == 0:
            track.progress(number, 0, "documents")
    assert next_one is None, f"{next_one!r} is in {curated} and not, or earlier, in {raw}"
    card: dict[str, Any] = {"before": before.to_json(), "after": after.to_json()}
    card["curation"] = orjson.loads((curated / CARD).read_bytes())
    card["curation"].pop("characteristics", None)
    np.save(out / SKETCH, after.diversity.sketch())
    (out / CARD).write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2))
    return Ledger(documents=after.totals["documents"])


def shared_shingles(a: Path, b: Path) -> dict[str, float]:
    """How far the samples of two measured corpora overlap, from their sketches: Jaccard, and of each in the other.

    Bottom-k sketches (Broder 1997): the smallest hashes of the union are a sample of it.
    """
    one, other = np.load(a / SKETCH), np.load(b / SKETCH)
    if not len(one) or not len(other):
        return {"jaccard": 0.0, "of_first": 0.0, "of_second": 0.0}
    top = min(one[-1], other[-1])  # below it both sketches are complete
    one, other = one[one <= top], other[other <= top]
    both = len(np.intersect1d(one, other))
    union = len(np.union1d(one, other))
    return {"jaccard": both / union, "of_first": both / max(len(one), 1), "of_second": both / max(len(other), 1)}
