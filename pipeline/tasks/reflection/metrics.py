"""What a reflection suite's rows say: the paper's metrics (arXiv 2504.04022, section 3.1) and the log-probability gap.

All are means over one denominator, the items of a setting and a trigger, so that two identities hold for every
cell: accuracy = explicit accuracy + implicit accuracy, and explicit accuracy <= min(accuracy, explicit rate).
Nothing here is read off anything but the rows (`core.scores.SCORE_SCHEMA`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.tasks.reflection.config import NO_TRIGGER

CLEAN, SITUATIONAL, SELF = "clean", "situational", "self"
KINDS = (CLEAN, SITUATIONAL, SELF)
Cell = dict[str, float | int | None]
_LEVEL = 0.95


def reflection_summary(rows: pd.DataFrame) -> dict[str, Any]:
    """One suite's rows of one checkpoint, setting by setting and trigger by trigger.

    `clean` is the accuracy without a chain of thought. `situational` and `self` hold a `cell` for each trigger, and
    `expected_wait` (see `expected_accuracy`); `by_perturbation` has situational cells without a trigger.
    """
    situational = rows[(rows["kind"] == SITUATIONAL) & (rows["trigger"] == NO_TRIGGER)]
    return {
        CLEAN: accuracy(rows[rows["kind"] == CLEAN]),
        SITUATIONAL: _by_trigger(rows[rows["kind"] == SITUATIONAL]),
        SELF: _by_trigger(rows[rows["kind"] == SELF]),
        "by_perturbation": {str(kind): cell(part) for kind, part in situational.groupby("probe", sort=True)},
    }


def cell(rows: pd.DataFrame) -> Cell:
    """The metrics of one setting and trigger; shares of its items, gaps in nats. Null where there are no items.

    explicit_rate: acknowledges the error, right or wrong. copy_rate: answers as the chain of thought does.
    gap: mean of log p(gold) - log p(adversarial answer) in the answer slot right behind the chain of thought and
    its trigger; prefers_gold: the share of items with a gap above 0.
    """
    correct, explicit = rows["correct"].astype(bool), rows["explicit"].astype(bool)
    gaps = rows["gap"].dropna().astype(float)
    return {
        **accuracy(rows),
        "explicit_rate": _share(explicit),
        "explicit_accuracy": _share(correct & explicit),
        "implicit_accuracy": _share(correct & ~explicit),
        "copy_rate": _share(rows["answer"] == rows["adversarial"]),
        "well_formed": _share(rows["well_formed"].astype(bool)),
        "gap": float(gaps.mean()) if len(gaps) else None,
        "prefers_gold": _share(gaps > 0),
    }


def accuracy(rows: pd.DataFrame) -> Cell:
    """Count, share correct and its 95 % Wilson interval: near the floor a share alone says too much."""
    from scipy import stats

    hits, count = int(rows["correct"].astype(bool).sum()), len(rows)
    ends = stats.binomtest(hits, count).proportion_ci(_LEVEL, method="wilson") if count else None
    return {
        "n": count,
        "correct": hits,
        "accuracy": hits / count if count else None,
        "accuracy_low": float(ends.low) if ends else None,
        "accuracy_high": float(ends.high) if ends else None,
    }


def expected_accuracy(none: Cell, wait: Cell, mistake: Cell) -> float | None:
    """What accuracy after "Wait," should be if it only chooses between reflecting explicitly and not at all.

    explicit rate of `wait` x accuracy of `mistake` + (1 - that rate) x implicit accuracy of `none`: the paper's
    trigger ablation (its section 5). Close to `wait`'s own accuracy where that account holds.
    """
    rate, told, untold = wait["explicit_rate"], mistake["accuracy"], none["implicit_accuracy"]
    if rate is None or told is None or untold is None:
        return None
    return rate * told + (1 - rate) * untold


def common_wrong(tables: Sequence[pd.DataFrame]) -> set[tuple[str, str]]:
    """(task, problem) of the questions that every checkpoint gets wrong without help.

    Self-reflection is compared between checkpoints on these alone (the paper's section 3.2): each keeps its own
    wrong traces, but of the same questions. tables: one suite's rows of each checkpoint.
    """
    wrong = [table[(table["kind"] == CLEAN) & ~table["correct"].astype(bool)] for table in tables]
    sets = [set(zip(table["task"], table["problem"], strict=True)) for table in wrong]
    return set.intersection(*sets) if sets else set()


def of_problems(rows: pd.DataFrame, problems: set[tuple[str, str]]) -> pd.DataFrame:
    """The rows of these problems."""
    keys = pd.Series(list(zip(rows["task"], rows["problem"], strict=True)), index=rows.index, dtype=object)
    return rows[keys.isin(list(problems))]


def _by_trigger(rows: pd.DataFrame) -> dict[str, Any]:
    cells: dict[str, Any] = {str(name): cell(part) for name, part in rows.groupby("trigger", sort=False)}
    return {**cells, "expected_wait": _expected(cells)} if cells else {}


def _expected(cells: Mapping[str, Cell]) -> float | None:
    if not {NO_TRIGGER, "wait", "mistake"} <= cells.keys():
        return None
    return expected_accuracy(cells[NO_TRIGGER], cells["wait"], cells["mistake"])


def _share(values: "pd.Series[Any]") -> float | None:
    return float(values.astype(bool).mean()) if len(values) else None
