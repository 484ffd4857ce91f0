"""The verdicts as the page shows them: read from what the verdict stage left, never computed here.

Reads `verdicts.parquet` of a verdict artifact, one row a claim. Its columns are COLUMNS and may be more; lists may be
lists or text. Where there is none, the page says that nothing was judged.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

COLUMNS = [
    "claim", "says", "paper", "effect", "low", "high", "verdict", "seeds", "matched", "differs", "unmatched", "primary",
]  # fmt: skip
FILE = "verdicts.parquet"
SUPPORTED, CONTRADICTED, SAME, UNDECIDED, UNJUDGED = "supported", "contradicted", "same", "undecided", "unjudged"
_KINDS = {"supported": SUPPORTED, "contradicted": CONTRADICTED, "no difference": SAME, "undecided": UNDECIDED}
MARKS = {SUPPORTED: "✓", CONTRADICTED: "✗", SAME: "≈", UNDECIDED: "?", UNJUDGED: "–"}


def read_verdicts(folder: Path | None) -> pd.DataFrame:
    """COLUMNS and what more there is, primary claims first; no rows where nothing was judged."""
    if folder is None:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.read_parquet(folder / FILE)
    missing = [name for name in COLUMNS if name not in frame.columns]
    assert not missing, f"{folder / FILE} has no {', '.join(missing)}"
    numbers = ["paper", "effect", "low", "high"]
    frame[numbers] = frame[numbers].astype(float)  # where none is there, pandas has no numbers but None
    for name in ("matched", "differs", "unmatched"):
        frame[name] = [_joined(value) for value in frame[name]]
    return frame.sort_values("primary", ascending=False, kind="stable").reset_index(drop=True)


def kind_of(verdict: str) -> str:
    """A verdict's kind, by how it begins: one of the keys of MARKS."""
    return next((kind for start, kind in _KINDS.items() if verdict.startswith(start)), UNJUDGED)


def tally(verdicts: Iterable[str]) -> dict[str, int]:
    """How many verdicts of each kind, in the order of MARKS; kinds without any are left out."""
    kinds = [kind_of(verdict) for verdict in verdicts]
    return {kind: kinds.count(kind) for kind in MARKS if kind in kinds}


def _joined(value: Any) -> str:
    """Lists as people read them."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, float):  # NaN: pandas has no other absence
        return ""
    return ", ".join(str(part).replace("_", " ") for part in value)
