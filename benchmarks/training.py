"""Training speed: our loop against other libraries' on the same model, rows, batch and precision.

    .venv/bin/python -m benchmarks.training [--model lfm2|qwen3] [--rounds 5] [--threads 1] [--litgpt FOLDER] ...

Contenders: the Hugging Face Trainer, TRL's SFTTrainer, a plain loop in nanoGPT's manner, litgpt's GPT in that loop, and
ours; fp32 and bf16, compiled and not. Each runs in a process of its own, in turn within a round, after a matrix product
that says how fast the cores are at that moment. All run on the CPU. Printed: tokens a second (median over rounds), the
ratio to the Trainer's default, CPU-seconds to the lowest loss that all reach (or `--loss`), peak memory, time to start;
then what data and logging take of our step, and what stopping and carrying on costs. Written: the same as JSON.
Quote the ratios: the seconds are the machine's.

SFTTrainer comes with `pip install -e .[bench]`. litgpt 0.5.13 wants huggingface_hub below 1.4, which transformers 5
does not run with; its GPT runs with ours from a folder of its own, given as `--litgpt FOLDER`:

    pip install --target FOLDER --no-deps litgpt==0.5.13 lightning==2.6.6 pytorch-lightning==2.6.6 \
        lightning-utilities==0.15.3 torchmetrics==1.9.0 jsonargparse==4.53.0 typeshed_client==2.14.0 \
        docstring_parser==0.18.0

It has no LFM2, so it trains with `--model qwen3` only. A contender that cannot run is named, and left out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks.contenders.__main__ import LIBRARIES, MISSING
from benchmarks.contenders.core_speed import gflops
from benchmarks.contenders.job import Job, Result
from benchmarks.contenders.tables import show_ours, show_speeds
from benchmarks.contenders.text import prepare
from benchmarks.contenders.world import REPOSITORY

RESTART_STEPS = 12
TUNNEL_LOG_EVERY = 50  # of its recipe; matters for what logging takes


def jobs(arguments: argparse.Namespace, folder: str, console: Console) -> list[Job]:
    """All contenders asked for, the Trainer's default first; says which cannot train this model."""
    libraries = [library for library in LIBRARIES if library in arguments.only or not arguments.only]
    if arguments.model != "qwen3" and "litgpt" in libraries:
        console.print("litgpt has no LFM2: left out; --model qwen3 has it", highlight=False)
        libraries.remove("litgpt")
    first = Job(
        library="",
        folder=folder,
        model=arguments.model,
        precision="fp32",
        compiled=False,
        steps=arguments.steps,
        log_every=arguments.log_every,
        threads=arguments.threads,
        litgpt=str(Path(arguments.litgpt).resolve()) if arguments.litgpt else "",
    )
    return [
        replace(first, library=library, precision=precision, compiled=compiled)
        for library in libraries
        for precision in arguments.precisions
        for compiled in ((True,) if arguments.compiled_only else (False, True))
    ]


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


def as_json(
    arguments: argparse.Namespace,
    results: Mapping[str, Sequence[Result]],
    cores: Mapping[str, list[float]],
    own: tuple[dict[str, list[float]], list[float]],
) -> bytes:
    """All that was measured."""
    data = {
        "arguments": {name: str(value) for name, value in vars(arguments).items()},
        "gflops": cores,
        "results": {name: [asdict(result) for result in values] for name, values in results.items()},
        "shares": own[0],
        "restart_seconds": own[1],
    }
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", choices=("lfm2", "qwen3"), default="lfm2", help="the default recipe's, or a dense one")
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--steps", type=int, default=300)
    made.add_argument("--log-every", type=int, default=25)
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--loss", type=float, help="the stated loss; without it the lowest that all contenders reach")
    made.add_argument("--only", nargs="+", choices=tuple(LIBRARIES), default=(), help="these libraries")
    made.add_argument("--precisions", nargs="+", choices=("fp32", "bf16"), default=("fp32", "bf16"))
    made.add_argument("--compiled-only", action="store_true")
    made.add_argument("--litgpt", default="", help="the folder that litgpt is installed in")
    made.add_argument("--out", type=Path, default=Path("training.json"))
    return made


def main(arguments: argparse.Namespace) -> None:
    """Run the rounds, print the tables, write the file."""
    if arguments.steps < 2 * arguments.log_every or arguments.steps < 2 * RESTART_STEPS:
        sys.exit(f"--steps {arguments.steps} is too few: give two windows of --log-every, and {2 * RESTART_STEPS}")
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, arguments.steps)
        contenders = jobs(arguments, name, console)
        results, cores = rounds(contenders, arguments.rounds, arguments.threads, folder, console)
        mine = [job for job in contenders if job.library == "ours"]
        own = ours(mine[-1], arguments.rounds, folder) if mine else ({}, [])
    show_speeds(results, cores, arguments.loss, console)
    if mine:
        show_ours(mine[-1].name, *own, console)
    arguments.out.write_bytes(as_json(arguments, results, cores, own))
    console.print(f"written: {arguments.out}", highlight=False)


if __name__ == "__main__":
    main(parser().parse_args())
