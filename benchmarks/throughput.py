"""Runs an hour of the default grid: one after the other, side by side, or one at a time on all cores.

    .venv/bin/python -m benchmarks.throughput [--rounds 3] [--cores 2] [--sweep asymmetry] [--shorter 20]

The sweep goes through the real door with budgets cut to 1 / `--shorter`. Corpora and plans are built beforehand, and so
is one round that fills the compiler's cache; what is timed is every run of pretraining and SFT, until the last is in
the store. Three ways, in turn within a round: one worker of one thread; as many workers as cores, one thread each (the
default); one worker of as many threads as cores. Printed: runs an hour, medians, and ratios to the first.
"""

import argparse
import os
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


def ways(cores: int) -> list[Way]:
    """One after the other, side by side, all cores for one."""
    return [Way(1, 1), Way(cores, 1), Way(1, cores)]


def shortened(recipe: Mapping[str, Any], shorter: int) -> list[str]:
    """Overrides that cut a recipe's budgets to a part."""
    budgets = {f"phases.{name}.tokens": phase["tokens"] for name, phase in recipe["phases"].items()}
    budgets["sft.loss_tokens"] = recipe["sft"]["loss_tokens"]
    return [f"{name}={parse_count(value) // shorter}" for name, value in budgets.items()]


def run(arguments: Sequence[str]) -> float:
    """Seconds that the door takes. Raises RuntimeError with its last words."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "pipeline", "-m", *arguments]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-2000:]}")
    return time.perf_counter() - start


def num_runs(store: Path) -> int:
    """Trained artifacts in a store."""
    return sum(1 for stage in TRAINED for _ in (store / stage).glob("*/record.json"))


def runs_per_hour(way: Way, prepared: Path, common: Sequence[str]) -> float:
    """Of the whole sweep, from a copy of a store that holds everything but the runs."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "runs"
        shutil.copytree(prepared, store, symlinks=True)
        threads = [f"training.threads={way.threads}", f"sft.training.threads={way.threads}"]
        seconds = run([*common, *threads, "stage=sft", f"workers={way.workers}", f"store={store}"])
        return num_runs(store) * 3600 / seconds


def show(speeds: Mapping[Way, Sequence[float]], console: Console) -> None:
    """A row for each way."""
    table = Table("runs", "runs an hour, median", "lowest - highest", "ratio", box=None)
    medians = {way: statistics.median(values) for way, values in speeds.items()}
    first = next(iter(medians.values()))
    for way, median in medians.items():
        spread = f"{min(speeds[way]):,.0f} - {max(speeds[way]):,.0f}"
        table.add_row(way.name, f"{median:,.0f}", spread, f"{median / first:.2f}")
    console.print(table)


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
        speeds: dict[Way, list[float]] = {way: [] for way in ways(arguments.cores)}
        for number in range(arguments.rounds + 1):
            for way, values in speeds.items():
                speed = runs_per_hour(way, prepared, common)
                if number:
                    values.append(speed)
    show(speeds, Console())


if __name__ == "__main__":
    main(parser().parse_args())
