"""Checkpoints kept on the way, as a study counts them: from an arm's first step, whichever phase a count falls into."""

from collections.abc import Mapping, Sequence


def split_counts(key: str, counts: Sequence[int], budgets: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The counts that fall into each phase, from the phase's own start; the very end is left out: it is kept anyway.

    key: where the counts were given, for the error. Raises ValueError for a count that is never reached.
    """
    total = sum(budgets.values())
    if counts and counts[-1] > total:
        raise ValueError(f"{key} {counts[-1]} is over the {total} of {' and '.join(budgets)}; leave it out")
    parts: dict[str, tuple[int, ...]] = {}
    start = 0
    for name, budget in budgets.items():
        parts[name] = tuple(count - start for count in counts if start < count <= start + budget and count < total)
        start += budget
    return parts
