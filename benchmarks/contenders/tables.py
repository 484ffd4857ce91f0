"""What the benchmark prints."""

import statistics
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.contenders.job import Result, reached_by_all


def speeds_of(results: Mapping[str, Sequence[Result]]) -> dict[str, float]:
    """Median tokens a CPU-second by contender."""
    return {name: statistics.median(each.tokens_per_cpu_second for each in values) for name, values in results.items()}


def claims(speeds: Mapping[str, float]) -> dict[str, float]:
    """Our fastest setting against the Trainer's default, and against the best compiled Trainer or plain loop.

    A claim whose contenders were left out is left out.
    """
    ours = [speed for name, speed in speeds.items() if name.startswith("ours ")]
    compiled = [
        speed for name, speed in speeds.items() if name.startswith(("Trainer", "plain")) and name.endswith("compiled")
    ]
    made: dict[str, float] = {}
    if ours and "Trainer fp32" in speeds:
        made["our best over the Trainer's default"] = max(ours) / speeds["Trainer fp32"]
    if ours and compiled:
        made["our best over the best of Trainer and plain loop compiled, any precision"] = max(ours) / max(compiled)
    return made


def show_speeds(
    results: Mapping[str, Sequence[Result]], cores: Mapping[str, list[float]], loss: float | None, console: Console
) -> None:
    """A row for each contender; ratios are to the first."""
    speeds = speeds_of(results)
    stated = loss if loss is not None else reached_by_all([each for values in results.values() for each in values])
    first = next(iter(speeds.values()))
    columns = ("tokens/s", "tokens/CPU-s", "lowest - highest", "ratio", f"CPU-s to loss {stated:.3f}", "last loss")
    table = Table("contender", *columns, "peak MB", "start s", box=None)
    for name, values in results.items():
        table.add_row(name, *_speed(values, first), *_rest(values, stated))
    console.print(table)
    for claim, ratio in claims(speeds).items():
        console.print(f"{claim}: {ratio:.2f}", highlight=False)
    for precision, values in cores.items():
        console.print(f"matrix product in {precision}: {statistics.median(values):,.0f} GFLOP/s", highlight=False)


def _speed(values: Sequence[Result], first: float) -> tuple[str, str, str, str]:
    by_the_wall = statistics.median(each.tokens_per_second for each in values)
    speeds = [each.tokens_per_cpu_second for each in values]
    median = statistics.median(speeds)
    return f"{by_the_wall:,.0f}", f"{median:,.0f}", f"{min(speeds):,.0f} - {max(speeds):,.0f}", f"{median / first:.2f}"


def _rest(values: Sequence[Result], stated: float) -> tuple[str, str, str, str]:
    to_loss = [seconds for each in values if (seconds := each.cpu_seconds_to(stated)) is not None]
    return (
        f"{statistics.median(to_loss):.1f}" if len(to_loss) == len(values) else "not reached",
        f"{statistics.median(each.windows[-1].loss for each in values):.3f}",
        f"{statistics.median(each.peak_bytes for each in values) / 1e6:,.0f}",
        f"{statistics.median(each.start_seconds for each in values):.1f}",
    )


def show_ours(name: str, shares: Mapping[str, Sequence[float]], restarts: Sequence[float], console: Console) -> None:
    """Where our step's time goes beside the step, and what a restart costs."""
    told = ", ".join(f"{part} {statistics.median(values):.2%}" for part, values in shares.items())
    console.print(f"{name}, shares of its time: {told}; the step itself has the rest", highlight=False)
    seconds = f"{statistics.median(restarts):.1f} s ({min(restarts):.1f} - {max(restarts):.1f})"
    console.print(f"{name}, from SIGTERM until it carries on: {seconds}", highlight=False)
