"""`stage=crossover between=[EVAL,EVAL]`: where pass@k of one eval's checkpoint overtakes that of another's."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.terminal import say

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.tasks.repeated import Crossover


def show_crossover(arms: Sequence[tuple[Point, Study]], console: Console) -> None:
    """One line a suite that both were asked with samples.

    Raises UserError unless two folders are named that hold sampled answers to some of the same problems.
    """
    from pipeline.report.sampled import crossing

    folders = arms[0][1].context.between
    if len(folders) != 2:
        raise UserError(f"stage=crossover compares two evals, and between= names {len(folders)}; give between=[A,B]")
    first, second = (_rows(folder) for folder in folders)
    found = list(crossing(first, second))
    if not found:
        raise UserError(f"{folders[0]} and {folders[1]} have sampled no problem in common; evaluate both on one suite")
    for suite, problems, crossed in found:
        say(console, f"{suite}, {problems} problems: {_says(crossed)}")


def _rows(folder: Path) -> "pd.DataFrame":
    from pipeline.report.sampled import read_samples

    if not (folder / "rows.parquet").is_file():
        raise UserError(f"between={folder} has no rows.parquet; give the folder of an eval, as `stage=eval` prints it")
    rows = read_samples(folder)
    if rows.empty:
        raise UserError(f"between={folder} has no sampled answers; evaluate with eval.samples=K, such as 128")
    return rows


def _says(crossed: "Crossover") -> str:
    """In words: who leads where, and from which k the other does."""
    gaps = f"gap {100 * crossed.first_gap:+.1f} points at k = 1, {100 * crossed.last_gap:+.1f} at k = {crossed.last}"
    if crossed.k is None:
        return (
            f"they do not change places up to k = {crossed.last} ({gaps}; {100 * crossed.share:.0f} % of resamples do)"
        )
    low, high = (f"> {crossed.last}" if k is None else k for k in (crossed.low, crossed.high))
    return f"they change places at k = {crossed.k} (95 %: {low} to {high}; {gaps})"
