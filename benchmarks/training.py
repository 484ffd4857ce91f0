"""Training speed: our loop against other libraries' on the same model, rows, batch and precision.

    .venv/bin/python -m benchmarks.training [--model lfm2|qwen3] [--rounds 5] [--threads 1] [--litgpt FOLDER] ...

Contenders: the Hugging Face Trainer, TRL's SFTTrainer, a plain loop in nanoGPT's manner, litgpt's GPT in that loop, and
ours; fp32 and bf16, compiled and not. Each runs in a process of its own, in turn within a round, after a matrix product
that says how fast the cores are at that moment. All run on the CPU. Printed: tokens a second and tokens a CPU-second
(medians over rounds), the ratio of the latter to the Trainer's default, CPU-seconds to the lowest loss that all reach
(or `--loss`), peak memory, time to start; then what data and logging take of our step, and what stopping and carrying
on costs. Written: the same as JSON. Quote the ratios: the seconds are the machine's. CPU-seconds do not count the
time in which another process has the core, so that ratios of them hold on a machine with other work too.

SFTTrainer comes with `pip install -e .[bench]`. litgpt 0.5.13 wants huggingface_hub below 1.4, which transformers 5
does not run with; its GPT runs with ours from a folder of its own, given as `--litgpt FOLDER`:

    pip install --target FOLDER --no-deps litgpt==0.5.13 lightning==2.6.6 pytorch-lightning==2.6.6 \
        lightning-utilities==0.15.3 torchmetrics==1.9.0 jsonargparse==4.53.0 typeshed_client==2.14.0 \
        docstring_parser==0.18.0

It has no LFM2, so it trains with `--model qwen3` only. A contender that cannot run is named, and left out.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks.contenders.__main__ import LIBRARIES
from benchmarks.contenders.job import Job, Result
from benchmarks.contenders.rounds import RESTART_STEPS, ours, rounds
from benchmarks.contenders.tables import show_ours, show_speeds
from benchmarks.contenders.text import prepare


def jobs(arguments: argparse.Namespace, folder: str, console: Console) -> list[Job]:
    """All contenders asked for, the Trainer's default first; says which cannot train this model."""
    libraries = list(LIBRARIES)
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
    found = [
        replace(first, library=library, precision=precision, compiled=compiled)
        for library in libraries
        for precision in ("fp32", "bf16")
        for compiled in (False, True)
    ]
    return [job for job in found if not arguments.only or {job.library, job.name} & set(arguments.only)]


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
    made.add_argument("--model", choices=("lfm2", "qwen3"), default="qwen3", help="the default recipe's, or a hybrid")
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--steps", type=int, default=300)
    made.add_argument("--log-every", type=int, default=25)
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--loss", type=float, help="the stated loss; without it the lowest that all contenders reach")
    made.add_argument("--only", nargs="+", default=(), help="libraries, or names such as 'ours bf16 compiled'")
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
