"""Runs an hour of the default grid: one after the other, side by side, or one at a time on all cores.

    .venv/bin/python -m benchmarks.throughput [--rounds 3] [--cores 2] [--sweep asymmetry] [--shorter 20]

The sweep goes through the real door with budgets cut to 1 / `--shorter`. Corpora and plans are built beforehand, and so
is one round that fills the compiler's cache; what is timed is every run of pretraining and SFT, until the last is in
the store. Three ways, in turn within a round: one worker of one thread; as many workers as cores, one thread each (the
default); one worker of as many threads as cores. Printed: runs an hour by the clock, and an hour of a core (processor
time of all processes: what a way wastes, also where other work is on the machine); medians, and ratios to the first.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from pipeline.core.duration import parse_count

REPOSITORY = Path(__file__).parents[1]
TRAINED = ("pretrain", "sft")  # folders of a store whose artifacts are runs


@dataclass(frozen=True, slots=True)
class Way:
    """How the machine is filled."""

    workers: int
    threads: int

    @property
    def name(self) -> str:
        """For the table."""
        return f"{self.workers} at a time, {self.threads} thread{'s' if self.threads > 1 else ''} each"


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one way, in one round."""

    an_hour: float  # runs, by the clock
    a_core_hour: float  # runs, by processor time


def ways(cores: int) -> list[Way]:
    """One after the other, side by side, all cores for one."""
    return [Way(1, 1), Way(cores, 1), Way(1, cores)]


def shortened(recipe: Mapping[str, Any], shorter: int) -> list[str]:
    """Overrides that cut a recipe's budgets to a part."""
    budgets = {f"phases.{name}.tokens": phase["tokens"] for name, phase in recipe["phases"].items()}
    budgets["sft.loss_tokens"] = recipe["sft"]["loss_tokens"]
    return [f"{name}={parse_count(value) // shorter}" for name, value in budgets.items()]


def run(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds that the door takes, by the clock and by processor time. Raises RuntimeError with its last words."""
    start, cpu_start = time.perf_counter(), _cpu_seconds()
    command = [sys.executable, "-m", "pipeline", "-m", *arguments]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-2000:]}")
    return time.perf_counter() - start, _cpu_seconds() - cpu_start


def _cpu_seconds() -> float:
    """Of all processes that were started here and have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def num_runs(store: Path) -> int:
    """Trained artifacts in a store."""
    return sum(1 for stage in TRAINED for _ in (store / stage).glob("*/record.json"))


def speed_of(way: Way, prepared: Path, common: Sequence[str]) -> Speed:
    """Of the whole sweep, from a copy of a store that holds everything but the runs."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "runs"
        shutil.copytree(prepared, store, symlinks=True)
        threads = [f"training.threads={way.threads}", f"sft.training.threads={way.threads}"]
        seconds, cpu_seconds = run([*common, *threads, "stage=sft", f"workers={way.workers}", f"store={store}"])
        return Speed(num_runs(store) * 3600 / seconds, num_runs(store) * 3600 / cpu_seconds)


def show(speeds: Mapping[Way, Sequence[Speed]], console: Console) -> None:
    """A row for each way."""
    kinds = ("runs an hour", "runs an hour of a core")
    table = Table("runs", *(name for kind in kinds for name in (kind, "lowest - highest", "ratio")), box=None)
    first = next(iter(speeds.values()))
    for way, values in speeds.items():
        by_clock = _told([each.an_hour for each in values], [each.an_hour for each in first])
        by_core = _told([each.a_core_hour for each in values], [each.a_core_hour for each in first])
        table.add_row(way.name, *by_clock, *by_core)
    console.print(table)


def _told(values: Sequence[float], first: Sequence[float]) -> tuple[str, str, str]:
    """Median, spread, and the ratio of the median to the first way's."""
    median = statistics.median(values)
    return f"{median:,.0f}", f"{min(values):,.0f} - {max(values):,.0f}", f"{median / statistics.median(first):.2f}"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    made.add_argument("--sweep", default="asymmetry", help="empty: the arms that the overrides name")
    made.add_argument("--recipe", default="tunnel", help="the recipe that the sweep goes around")
    made.add_argument("--shorter", type=int, default=20, help="by how much budgets are cut")
    made.add_argument("more", nargs="*", help="further overrides, such as pretrain_mix=none,ldq")
    return made


def main(arguments: argparse.Namespace) -> None:
    """Prepare, warm up, run the rounds, print the table."""
    recipe = yaml.safe_load((REPOSITORY / "recipes" / f"{arguments.recipe}.yaml").read_text(encoding="utf-8"))
    budgets = shortened(recipe, arguments.shorter)
    sweep = [f"sweep={arguments.sweep}"] if arguments.sweep else []
    common = [*sweep, "tracking=off", *budgets, *arguments.more]
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "runs"
        run([*common, "stage=mix", f"store={prepared}"])
        speeds: dict[Way, list[Speed]] = {way: [] for way in ways(arguments.cores)}
        for number in range(arguments.rounds + 1):
            for way, values in speeds.items():
                speed = speed_of(way, prepared, common)
                if number:
                    values.append(speed)
    show(speeds, Console(width=140))


if __name__ == "__main__":
    main(parser().parse_args())
