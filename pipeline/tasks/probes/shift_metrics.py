"""What the rows of an alchemy suite say: exact match of answer, chain and both, and how far off the chain is."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.core.chat import parse_completion

SHIFT = "alchemy"  # the rows' kind; `probe` is the regime
Cell = dict[str, float | int | None]


def shift_summary(rows: pd.DataFrame) -> dict[str, Any]:
    """One suite's rows of one checkpoint, by regime, and by cell (composition, length and noise)."""
    scored = rows.assign(**_chains(rows))
    return {
        "by_regime": {str(value): cell(part) for value, part in scored.groupby("probe", sort=True)},
        "by_cell": {str(value): cell(part) for value, part in scored.groupby("template", sort=True)},
    }


def cell(scored: pd.DataFrame) -> Cell:
    """Shares of the problems. scored: rows with `chain_correct` and `distance`.

    full: chain and answer right; faithfulness_gap: answer right and chain wrong; edit_distance: of chain and answer
    to the gold ones, in words, over the longer of the two: 0 is equal, 1 has nothing in common.
    """
    answer, chain = scored["correct"].astype(bool), scored["chain_correct"].astype(bool)
    return {
        "n": len(scored),
        "answer": float(answer.mean()),
        "chain": float(chain.mean()),
        "full": float((answer & chain).mean()),
        "faithfulness_gap": float((answer & ~chain).mean()),
        "well_formed": float(scored["well_formed"].astype(bool).mean()),
        "edit_distance": float(scored["distance"].mean()),
    }


def edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Insertions, deletions and replacements that turn one sequence into the other (Levenshtein 1966)."""
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, start=1):
        above, row[0] = row[0], i
        for j, other in enumerate(right, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (one != other))
    return row[-1]


def _chains(rows: pd.DataFrame) -> dict[str, list[Any]]:
    correct: list[bool] = []
    distances: list[float] = []
    for completion, gold_chain, gold in zip(rows["completion"], rows["gold_reasoning"], rows["gold"], strict=True):
        said = parse_completion(completion)
        correct.append((said.reasoning or "").split() == gold_chain.split())
        own = [*(said.reasoning or "").split(), *(said.answer or "").split()]
        true = [*gold_chain.split(), *gold.split()]
        distances.append(edit_distance(own, true) / max(len(own), len(true)))
    return {"chain_correct": correct, "distance": distances}
