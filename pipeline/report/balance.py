"""What is compared with each other rests on the same seeds, or it is said where it does not.

Half a sweep at one seed beside the whole of it at another: a mean over whatever is there would compare problems and
draws of the seeds, not arms.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from pipeline.report.scores import MODEL, Metric, problem_values


def seed_means(scores: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """MODEL and `value`: the mean over the problems of each checkpoint and seed."""
    return problem_values(scores, metric).groupby(MODEL, sort=False)["value"].mean().reset_index()


def whole_seeds(frame: pd.DataFrame, point: Sequence[str]) -> list[int]:
    """The seeds that have each point which the fullest of them has. point: the columns beside `seed` that name one."""
    if frame.empty:
        return []
    points = {
        int(str(seed)): set(part[list(point)].itertuples(index=False, name=None))
        for seed, part in frame.groupby("seed")
    }
    fullest = max(points.values(), key=len)
    return [seed for seed, found in points.items() if fullest <= found]


def left_out(seeds: Iterable[int], kept: Sequence[int]) -> str:
    """A sentence on the seeds that lack points; empty where none does."""
    names = [str(seed) for seed in sorted({*seeds} - {*kept})]
    return f" Left out, as they lack points: seed{'s' * (len(names) != 1)} {', '.join(names)}." if names else ""


def uneven(counts: pd.Series) -> str:
    """A sentence where cells rest on different numbers of seeds; empty otherwise. counts: int (cells,), 0 not built."""
    built = counts[counts > 0]
    if built.nunique() < 2:
        return ""
    return (
        f" Cells rest on {built.min()} to {built.max()} seeds, so that they compare only roughly; the grid says which."
    )
