"""Thinking on minus thinking off: what a trace gains and what it loses, problem by problem.

Metric: delta = accuracy on - accuracy off = corrected - overthought, where corrected is the share of problems that
are wrong at once and right after a trace, and overthought the share that a trace spoils. Reference: "Decoupling
Knowledge and Reasoning" (arXiv 2507.18178), there A_slow - A_fast = delta_c - delta_o.
"""

from typing import Any

import pandas as pd

THINKING, ON, OFF = "thinking", "on", "off"  # the rows' kind, and `probe`
Cell = dict[str, float | int | None]


def thinking_summary(rows: pd.DataFrame) -> dict[str, Any]:
    """One suite's rows of one checkpoint: `over` all problems, and by domain, depth and family."""
    return {
        "over": cell(rows),
        **{
            f"by_{name}": {str(value): cell(part) for value, part in rows.groupby(column, sort=True)}
            for name, column in (("domain", "domain"), ("depth", "depth"), ("family", "task"))
        },
    }


def cell(rows: pd.DataFrame) -> Cell:
    """Shares of the problems. Null where there are none, or none of the kind that a rate is over.

    corrected_rate: of what is wrong at once, the share that thinking puts right; overthought_rate: of what is right
    at once, the share that thinking spoils.
    """
    pairs = rows.pivot_table(index=["task", "problem"], columns="probe", values="correct", aggfunc="first")
    if pairs.empty:
        names = ("off", "on", "delta", "corrected", "overthought", "corrected_rate", "overthought_rate")
        return {"n": 0, **dict.fromkeys(names)}
    on, off = pairs[ON].astype(bool), pairs[OFF].astype(bool)
    corrected, overthought = int((on & ~off).sum()), int((off & ~on).sum())
    count, right_at_once = len(pairs), int(off.sum())
    return {
        "n": count,
        "off": right_at_once / count,
        "on": int(on.sum()) / count,
        "delta": (int(on.sum()) - right_at_once) / count,
        "corrected": corrected / count,
        "overthought": overthought / count,
        "corrected_rate": corrected / (count - right_at_once) if count > right_at_once else None,
        "overthought_rate": overthought / right_at_once if right_at_once else None,
    }
