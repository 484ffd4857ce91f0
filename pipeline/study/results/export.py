"""`stage=export`: what the store has of a sweep becomes committed results, seed by seed."""

from collections.abc import Sequence

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.terminal import say

Arm = tuple[Point, Study]


def export(arms: Sequence[Arm], console: Console) -> None:
    """Write the committed results of a sweep. Raises UserError without a sweep, and where nothing was evaluated."""
    from pipeline.study.results.exporting import export_seed

    first = arms[0][1]
    if first.sweep is None:
        raise UserError("stage=export writes the results of a sweep; give sweep=NAME")
    folder = first.context.results / first.sweep.name
    seeds = sorted({study.seed for _, study in arms})
    written = [
        path for seed in seeds for path in export_seed(seed, [arm for arm in arms if arm[1].seed == seed], folder)
    ]
    if not written:
        raise UserError(f"nothing of sweep '{first.sweep.name}' was evaluated yet; run it first, then stage=export")
    for path in written:
        say(console, f"{path} ({path.stat().st_size / 1000:.0f} kB)")
