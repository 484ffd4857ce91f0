"""What became of the claims, in one sentence of the answer."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.verdicts import CONTRADICTED, SAME, SUPPORTED, UNDECIDED, UNJUDGED, kind_of

_Row = dict[str, Any]

_SAID = {
    SUPPORTED: "supported",
    CONTRADICTED: "contradicted",
    SAME: "without a difference that matters",
    UNDECIDED: "undecided",
    UNJUDGED: "not judged",
}


def judged_sentence(verdicts: pd.DataFrame) -> str:
    """The verdicts counted, primary claims apart: what is decided of them is told in words; the board has the rest."""
    is_primary = verdicts["primary"].astype(bool)
    kinds = verdicts["verdict"].map(kind_of)
    if kinds.isin([UNDECIDED, UNJUDGED]).all():
        return _none_decided(len(verdicts), int(is_primary.sum()), int((kinds == UNJUDGED).sum()))
    parts = [
        f"of {len(frame)} {title} {_counted(frame, in_words=in_words)}"
        for title, frame, in_words in (
            ("primary claims", verdicts[is_primary], True),
            ("exploratory ones", verdicts[~is_primary], False),
        )
        if len(frame)
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _none_decided(count: int, primary: int, unjudged: int) -> str:
    rest = f", {unjudged} of them not judged at all" if unjudged else ""
    return f"None of the {count} claims ({primary} primary) is decided yet{rest}."


def _counted(frame: pd.DataFrame, *, in_words: bool) -> str:
    by_kind: dict[str, list[_Row]] = {}
    for record in records(frame):
        by_kind.setdefault(kind_of(record["verdict"]), []).append(record)
    return ", ".join(
        [
            f"{len(by_kind[kind])} {says}{_told(kind, by_kind[kind]) if in_words else ''}"
            for kind, says in _SAID.items()
            if kind in by_kind
        ]
    )


def _told(kind: str, rows: Sequence[_Row]) -> str:
    """What the claims say and by how many points, where that is decided."""
    if kind not in (SUPPORTED, CONTRADICTED, SAME):
        return ""
    told = [f"{row['claim']}: {row['says']}, {row['effect']:+.1f}" for row in rows]
    return f" ({'; '.join(told)})"
