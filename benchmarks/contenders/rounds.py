"""Contenders in turn, each in a process of its own; and ours alone, for what it does beside stepping."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks.contenders.__main__ import MISSING
from benchmarks.contenders.core_speed import gflops
from benchmarks.contenders.job import Job, Result
from benchmarks.contenders.world import REPOSITORY

RESTART_STEPS = 12
TUNNEL_LOG_EVERY = 50  # of its recipe; matters for what logging takes


def run(job: Job, folder: Path) -> Result | None:
    """In a process of its own; None where its library is missing. Raises RuntimeError with its last words."""
    job_file, result_file = folder / "job.json", folder / "result.json"
    job_file.write_bytes(orjson.dumps(asdict(job)))
    command = [sys.executable, "-m", "benchmarks.contenders", str(job_file), str(result_file)]
    threads = str(job.threads)
    environment = os.environ | {"OMP_NUM_THREADS": threads, "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode == MISSING:
        return None
    if done.returncode:
        raise RuntimeError(f"{job.name} failed: {done.stderr[-2000:]}")
    return Result.load(result_file)


def rounds(
    contenders: Sequence[Job], number: int, threads: int, folder: Path, console: Console
) -> tuple[dict[str, list[Result]], dict[str, list[float]]]:
    """Results by contender, and the cores' GFLOP/s by precision, each round's."""
    results: dict[str, list[Result]] = {}
    cores: dict[str, list[float]] = {"fp32": [], "bf16": []}
    missing: set[str] = set()
    for index in range(number):
        for precision, values in cores.items():
            values.append(gflops(precision, threads))
        told = ", ".join(f"{values[-1]:,.0f} GFLOP/s in {precision}" for precision, values in cores.items())
        console.print(f"round {index + 1} of {number}: {told}", highlight=False)
        for job in contenders:
            if job.library in missing:
                continue
            if (result := run(job, folder)) is None:
                missing.add(job.library)
                console.print(f"{job.library} is not installed: left out; see the docstring", highlight=False)
            else:
                results.setdefault(job.name, []).append(result)
    return results, cores


def restart_seconds(job: Job, folder: Path) -> float:
    """What a stop costs: from SIGTERM to the end of the first step of the process that carries on, less a step.

    That is: the save, the exit, a new interpreter, its imports, the restart point, compiling from the cache.
    """
    with tempfile.TemporaryDirectory() as out:
        job = replace(job, out=out, log_every=1)
        stopped = run(replace(job, stop_at=RESTART_STEPS), folder)
        carried_on = run(job, folder)
    assert stopped and carried_on, "ours is never missing"
    a_step = sum(window.seconds for window in stopped.windows[1:]) / (RESTART_STEPS - 1)
    return carried_on.windows[0].ended_at - stopped.windows[-1].ended_at - a_step


def ours(job: Job, number: int, folder: Path) -> tuple[dict[str, list[float]], list[float]]:
    """Shares of the step time by part, and seconds that a restart costs; each round's."""
    shares: dict[str, list[float]] = {}
    for _ in range(number):
        result = run(replace(job, is_tracked=True, log_every=min(TUNNEL_LOG_EVERY, job.steps // 3)), folder)
        assert result, "ours is never missing"
        for name, share in result.shares.items():
            shares.setdefault(name, []).append(share)
    return shares, [restart_seconds(job, folder) for _ in range(number)]
