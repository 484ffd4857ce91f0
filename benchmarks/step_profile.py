"""Where a training step's time goes: our loop's engine under torch.profiler, as shares of the wall clock.

    .venv/bin/python -m benchmarks.step_profile [--model lfm2|qwen3] [--precision fp32|bf16] [--eager] [--steps 50]

The tunnel's text and batch, on the CPU. Printed: the time of each kind of work, each operation counted once (its own
time, without what it calls), the largest operations by name, and the roofline: model FLOPs a second against the best
matrix product of this process (`pipeline.lm.models.peak`). `outside`: Python, the dispatch of operations and the
profiler itself - which slows a step: its time without it stands beside. LFM2's short convolutions over packed rows are
sums of shifted rows (`pipeline.lm.models.isolation`): elementwise in eager mode; compiled, the kernels that hold them
count as convolution, with whatever was fused into them, and likewise attention's.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch._inductor.config as inductor_config
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile, record_function

from benchmarks.contenders.job import LENGTH, ROWS, Job
from benchmarks.contenders.text import prepare
from benchmarks.contenders.world import build, optimizer
from benchmarks.step_kinds import kind_of, shares
from pipeline.core.shard import Shard
from pipeline.lm.config import Training
from pipeline.lm.models.flops import flops_per_token
from pipeline.lm.models.machine import exact, keeping_memory
from pipeline.lm.models.peak import mfu, peak_flops
from pipeline.lm.training.inputs import load_plan
from pipeline.lm.training.starting import start_engine
from pipeline.lm.training.stream import TokenStream
from pipeline.study.run.tracker import RunTracker
from pipeline.study.run.wandb_run import RunIdentity

WARM_UP = 5


def stepper(job: Job, logs: Path) -> tuple[Callable[[], None], float]:
    """A function that takes one step with its data and its log, and the model's FLOPs a token."""
    training = Training(
        batch_rows=ROWS,
        precision=job.precision,
        compile=job.compiled,
        threads=job.threads,
        log_every=job.log_every,
        checkpoint_every=1,
    )
    folder, lm = Path(job.folder), build(job)
    made = start_engine(lm, optimizer(), training, 1)
    batches = TokenStream(load_plan(folder / "plan"), {"base": Shard.open(folder / "base")}).batches(ROWS)
    identity = RunIdentity(fingerprint="profile", stage="pretrain", label="profile", group="profile", config={})
    tracker, number = RunTracker(identity, logs, lambda _: None, "off"), 0

    def step() -> None:
        nonlocal number
        number += 1
        with record_function("step: data"):
            batch = next(batches)
        result = made.step(batch, made.max_lr)
        if number % job.log_every == 0:
            with record_function("step: logging"):
                tracker.log(number, {"loss": float(result.loss)})

    return step, flops_per_token(lm, LENGTH)


def seconds_a_step(step: Callable[[], None], steps: int) -> float:
    """Median."""
    times = [time.perf_counter()]
    for _ in range(steps):
        step()
        times.append(time.perf_counter())
    return statistics.median(after - before for before, after in pairwise(times))


def own_seconds(step: Callable[[], None], steps: int) -> tuple[dict[str, float], float]:
    """Each operation's own time over the steps, and the wall clock's, under the profiler."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        total = time.perf_counter() - start
    return {event.key: event.self_cpu_time_total / 1e6 for event in profiler.key_averages()}, total


def show(seconds: Mapping[str, float], total: float, steps: int, console: Console) -> None:
    """Kinds with their share, then the largest operations."""
    table = Table("kind", "share", "ms a step", box=None)
    for kind, share in sorted(shares(seconds, total).items(), key=lambda item: -item[1]):
        table.add_row(kind, f"{share:.1%}", f"{share * total / steps * 1e3:.2f}")
    console.print(table)
    largest = Table("operation", "kind", "share", box=None)
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1])[:15]:
        largest.add_row(name, kind_of(name), f"{spent / total:.1%}")
    console.print(largest)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", choices=("lfm2", "qwen3"), default="qwen3")
    made.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    made.add_argument("--eager", action="store_true", help="without torch.compile")
    made.add_argument("--steps", type=int, default=50)
    made.add_argument("--threads", type=int, default=1)
    return made


def main(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    console = Console(width=140)
    kernels: Any = inductor_config.cpp
    kernels.enable_kernel_profile = True  # so that fused kernels appear under their names
    with tempfile.TemporaryDirectory() as name, exact(arguments.threads), keeping_memory():
        job = Job(
            library="ours",
            folder=name,
            model=arguments.model,
            precision=arguments.precision,
            compiled=not arguments.eager,
            steps=2 * arguments.steps + WARM_UP,
            log_every=50,
            threads=arguments.threads,
        )
        prepare(Path(name), job.steps)
        step, per_token = stepper(job, Path(name) / "logs")
        seconds_a_step(step, WARM_UP)
        undisturbed = seconds_a_step(step, arguments.steps)
        seconds, total = own_seconds(step, arguments.steps)
        peak = peak_flops(torch.device("cpu"), arguments.precision)
    show(seconds, total, arguments.steps, console)
    speed = ROWS * LENGTH / undisturbed
    console.print(
        f"{undisturbed * 1e3:.1f} ms a step without the profiler ({total / arguments.steps * 1e3:.1f} with it), "
        f"{speed:,.0f} tokens/s; {per_token * speed / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s: "
        f"MFU {mfu(per_token, speed, peak):.1%}",
        highlight=False,
    )


if __name__ == "__main__":
    main(parser().parse_args())
