"""The answer so far, in two or three sentences that the data can bear, and no more."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint, points_of
from pipeline.report.differences import PRETRAINING, SFT
from pipeline.report.frames import records
from pipeline.report.scores import ACCURACY
from pipeline.report.verdicts import CONTRADICTED, SAME, SUPPORTED, UNDECIDED, UNJUDGED, kind_of

_Row = dict[str, Any]

_SAID = {
    SUPPORTED: "supported",
    CONTRADICTED: "contradicted",
    SAME: "without a difference that matters",
    UNDECIDED: "undecided",
    UNJUDGED: "not judged",
}
MOST_NAMED = 8
FLOOR = 5.0  # percent; where no cell is above it, differences between cells are noise about nothing


def answer(
    models: Sequence[Checkpoint],
    cells: pd.DataFrame,
    contrasts: pd.DataFrame,
    guess: float,
    verdicts: pd.DataFrame | None = None,
) -> list[str]:
    """Sentences. cells: `grid`; contrasts: `differences`; guess: `scores.guess_level`, percent; verdicts: if judged.

    Where claims were judged the first sentence is theirs; where not, the largest differences are named instead.
    """
    built = records(cells[(cells["metric"] == ACCURACY.name) & cells["mean"].notna()])
    if not built:
        return ["No checkpoint has been evaluated yet; the numbers appear as arms finish."]
    progress = _progress(models, len(built))
    best = max(built, key=lambda cell: cell["mean"])
    if best["mean"] < FLOOR:
        floor = (
            f"The scores are at the floor: no checkpoint answers more than {best['mean']:.1f} % of the problems, "
            "so this page proves the plumbing only."
        )
        return [floor, _seeds(built) + progress]
    if verdicts is not None and len(verdicts):
        return [_judged(verdicts), _best(built, best, guess), _seeds(built, is_judged=True) + progress]
    return [_best(built, best, guess), *_largest(contrasts), _seeds(built) + progress]


def _judged(verdicts: pd.DataFrame) -> str:
    """The verdicts counted, primary claims apart: what is decided of them is told in words, others are named."""
    is_primary = verdicts["primary"].astype(bool)
    parts = [
        f"of {len(frame)} {title} {_counted(frame, tell)}"
        for title, frame, tell in (
            ("primary claims", verdicts[is_primary], _told),
            ("exploratory ones", verdicts[~is_primary], _named),
        )
        if len(frame)
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _counted(frame: pd.DataFrame, tell: Callable[[str, Sequence[_Row]], str]) -> str:
    by_kind: dict[str, list[_Row]] = {}
    for record in records(frame):
        by_kind.setdefault(kind_of(record["verdict"]), []).append(record)
    return ", ".join(
        [f"{len(by_kind[kind])} {says}{tell(kind, by_kind[kind])}" for kind, says in _SAID.items() if kind in by_kind]
    )


def _told(kind: str, rows: Sequence[_Row]) -> str:
    """What the claims say and by how many points, where that is decided."""
    if kind not in (SUPPORTED, CONTRADICTED, SAME):
        return _named(kind, rows)
    told = [f"{row['claim']}: {row['says']}, {row['effect']:+.1f}" for row in rows]
    return f" ({'; '.join(told)})"


def _named(_: str, rows: Sequence[_Row]) -> str:
    """The claims by name, unless they are so many that nobody would read them here; the table has them all."""
    return f" ({', '.join(row['claim'] for row in rows)})" if len(rows) <= MOST_NAMED else ""


def _best(built: list[_Row], best: _Row, guess: float) -> str:
    """The best cell, the range, and what needs no reasoning: said plainly where the best does not clear it."""
    place = f"pretraining on {best['pretrain']}"
    place += ", before any SFT" if best["sft"] == BEFORE else f", then SFT on {best['sft']}"
    reach = best["min"] if best["seeds"] > 1 else best["low"]
    above = f", and giving each family's most common answer would score {guess:.1f} %."
    if reach <= guess:
        above += " No checkpoint is clearly above that."
    return (
        f"Of {len(built)} checkpoints the best so far is {place}: {best['mean']:.1f} %{_sure(best)}; "
        f"the others range down to {min(cell['mean'] for cell in built):.1f} %{above}"
    )


def _sure(cell: _Row) -> str:
    if cell["seeds"] > 1:
        return f" ({cell['min']:.1f} to {cell['max']:.1f} over {cell['seeds']} seeds)"
    return "" if math.isnan(cell["low"]) else f" (95 % over problems: {cell['low']:.1f} to {cell['high']:.1f})"


def _largest(contrasts: pd.DataFrame) -> list[str]:
    """The largest effect of either side, with its interval: the largest of many, so it flatters."""
    headline = records(contrasts[contrasts["metric"] == ACCURACY.name])
    parts: list[str] = []
    for side, name in ((PRETRAINING, "between pretrain mixes"), (SFT, "between SFT mixes")):
        effects = [effect for effect in headline if effect["side"] == side]
        if effects:
            top = max(effects, key=lambda effect: abs(effect["effect"]))
            ends = "" if math.isnan(top["low"]) else f" [{top['low']:+.1f}, {top['high']:+.1f}]"
            parts.append(f"{name} {top['effect']:+.1f} points{ends} ({top['contrast']}, {top['at']})")
    return [f"The largest differences are {' and '.join(parts)}."] if parts else []


def _seeds(built: list[_Row], *, is_judged: bool = False) -> str:
    counts = [int(cell["seeds"]) for cell in built]
    fewest, most = min(counts), max(counts)
    if most == 1:
        return (
            "One seed decides little: the intervals tell how well these checkpoints are measured, "
            "not how another training run would end."
        )
    some = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds a cell"
    rest = "verdicts and spreads are over seeds" if is_judged else "spreads are over seeds; verdicts come with claims"
    return f"{some[0].upper()}{some[1:]}: {rest}."


def _progress(models: Sequence[Checkpoint], built: int) -> str:
    asked = len(points_of(models))
    missing = asked - built
    return f" {missing} of {asked} cells {'is' if missing == 1 else 'are'} still missing." if missing else ""
