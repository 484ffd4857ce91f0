"""The answer so far, in two or three sentences that the data can bear, and no more."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint, points_of
from pipeline.report.differences import PRETRAINING, SFT
from pipeline.report.frames import records
from pipeline.report.judged import judged_sentence
from pipeline.report.scores import ACCURACY
from pipeline.report.standing import Standing

_Row = dict[str, Any]

FLOOR = 5.0  # percent; where no cell is above it, differences between cells are noise about nothing


def answer(
    models: Sequence[Checkpoint],
    cells: pd.DataFrame,
    contrasts: pd.DataFrame,
    guess: float,
    verdicts: pd.DataFrame | None = None,
    spent: Standing | None = None,
) -> list[str]:
    """Sentences. cells: `grid`; contrasts: `differences`; guess: `scores.guess_level`, percent; verdicts: if judged;
    spent: `standing`, where the sweep has its cells.

    The first says what pretraining and SFT are worth, where the sweep has the cells for it, and which one is the best;
    the second what became of the claims, or which differences are the largest; the last how sure that is.
    """
    built = records(cells[(cells["metric"] == ACCURACY.name) & cells["mean"].notna()])
    if not built:
        return ["No checkpoint has been evaluated yet; the numbers appear as arms finish."]
    progress = _progress(models, len(built)) + _stale(built)
    best = max(built, key=lambda cell: cell["mean"])
    if best["mean"] < FLOOR:
        floor = (
            f"The scores are at the floor: no checkpoint answers more than {best['mean']:.1f} % of the problems, "
            "so this page proves the plumbing only."
        )
        return [floor, _seeds(built) + progress]
    first = _best(built, best, guess) if spent is None else f"{spent.says}; {_highest(best)}.{_guessing(best, guess)}"
    if verdicts is not None and len(verdicts):
        return [first, judged_sentence(verdicts), _seeds(built, is_judged=True) + progress]
    return [first, *_largest(contrasts), _seeds(built) + progress]


def _best(built: list[_Row], best: _Row, guess: float) -> str:
    """The best cell, the range, and what needs no reasoning: said plainly where the best does not clear it."""
    return (
        f"Of {len(built)} checkpoints the best so far is {_place(best)}: {best['mean']:.1f} %{_sure(best)}; "
        f"the others range down to {min(cell['mean'] for cell in built):.1f} %.{_guessing(best, guess)}"
    )


def _highest(best: _Row) -> str:
    return f"the best of all is {_place(best)}, {best['mean']:.1f} %{_sure(best)}"


def _place(cell: _Row) -> str:
    after = ", before any SFT" if cell["sft"] == BEFORE else f", then SFT on {cell['sft']}"
    return f"pretraining on {cell['pretrain']}{after}"


def _guessing(best: _Row, guess: float) -> str:
    reach = best["min"] if best["seeds"] > 1 else best["low"]
    unclear = " No checkpoint is clearly above that." if reach <= guess else ""
    return f" Giving each family's most common answer would score {guess:.1f} %.{unclear}"


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
    some = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds a cell, so that cells compare only roughly"
    rest = "verdicts and spreads are over seeds" if is_judged else "spreads are over seeds; verdicts come with claims"
    return f"{some[0].upper()}{some[1:]}: {rest}."


def _progress(models: Sequence[Checkpoint], built: int) -> str:
    asked = len(points_of(models))
    missing = asked - built
    return f" {missing} of {asked} cells {'is' if missing == 1 else 'are'} still missing." if missing else ""


def _stale(built: list[_Row]) -> str:
    """What no longer follows from its parents is shown all the same, and said."""
    stale = sum(bool(cell.get("stale")) for cell in built)
    if not stale:
        return ""
    return (
        f" {stale} of {len(built)} cells {'is' if stale == 1 else 'are'} stale, as the grid marks: what they were made "
        "from has other content now; the sweep's line makes them again."
    )
