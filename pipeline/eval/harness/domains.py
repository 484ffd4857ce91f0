"""Means over benchmarks as the paper takes them, and an honest name where some are missing.

"Front-Loading Reasoning" (arXiv:2510.03264, section 3 and tables 1-8): a group's score is the unweighted mean of its
benchmarks, and the average is the unweighted mean of the groups, however many benchmarks each has. Base models:
general, math, science, code; after SFT: math, science, code, instruction following. A benchmark sampled several
times counts with the mean of its samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMean:
    """A mean over what is there."""

    name: str  # says so where it is over fewer than were asked for: "math (1 of 2)"
    mean: float | None  # None where nothing is there
    over: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def group_means(
    scores: Mapping[str, float | None], groups: Mapping[str, Sequence[str]]
) -> tuple[dict[str, GroupMean], GroupMean]:
    """The mean of each group of benchmarks, and their average.

    scores: by benchmark; None, or not there: missing. groups: benchmarks by group. The average is over groups
    that have a mean; it is named as incomplete where a group is missing, or is itself incomplete.
    """
    means = {name: _mean(name, {label: scores.get(label) for label in labels}) for name, labels in groups.items()}
    average = _mean("average", {name: group.mean for name, group in means.items()})
    parts = [group.name for group in means.values() if group.mean is not None and not group.is_whole]
    if parts:
        name = f"{average.name} with {', '.join(parts)}"
        average = GroupMean(name=name, mean=average.mean, over=average.over, missing=average.missing)
    return means, average


def as_json(means: Mapping[str, GroupMean], average: GroupMean) -> dict[str, Any]:
    """For a summary: `groups` by name and `average`, each with `mean`, `name`, `over` and `missing`."""
    return {"groups": {name: asdict(group) for name, group in means.items()}, "average": asdict(average)}


def _mean(name: str, values: Mapping[str, float | None]) -> GroupMean:
    there = {label: value for label, value in values.items() if value is not None}
    missing = tuple(label for label in values if label not in there)
    return GroupMean(
        name=f"{name} ({len(there)} of {len(values)})" if missing else name,
        mean=fmean(there.values()) if there else None,
        over=tuple(there),
        missing=missing,
    )
