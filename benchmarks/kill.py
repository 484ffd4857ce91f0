"""kill -9 at random instants of the clock: does a run end with the bits of one that nobody disturbed?

    .venv/bin/python benchmarks/kill.py [kills] [seed]

A model of the tunnel's shape trains on 40 batches of its base text, saves every fourth and keeps three checkpoints on
the way: once undisturbed, and then again and again under SIGKILL, until there were so many kills. One kill comes after
a random part of a third of the undisturbed time, the next one likewise, but only once something is being written. Every
run that came to its end is compared with the undisturbed one byte by byte: weights, optimizer state, curve, kept
checkpoints, ledger. Exits 1 if anything differs.
"""

import multiprocessing
import random
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import orjson
import torch
from rich.console import Console

from pipeline.core.checksum import list_files
from pipeline.core.track import Silent
from pipeline.curate.config import Curation
from pipeline.curate.curate import curate
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.mix.config import Mixing
from pipeline.mix.plan import mix
from pipeline.pretrain.config import Pretrain
from pipeline.pretrain.pretrain import pretrain
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus
from pipeline.tasks.world.dials import BaseText
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.encode import tokenize
from pipeline.tokenize.tokenizer import train_tokenizer

ROWS, LENGTH, STEPS = 8, 144, 40
TOKENS = ROWS * LENGTH
PART = 3  # of the undisturbed time; the longest that a run is left alone
CONFIG = Pretrain(
    model=Model(
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=384,
        max_position_embeddings=256,
    ),
    optimizer=Optimizer(lr=2e-3),
    schedule=Schedule(warmup=0.1, decay=0.3),
    training=Training(
        batch_rows=ROWS,
        log_every=3,
        checkpoint_every=4 * TOKENS,
        keep_at=tuple(part * STEPS * TOKENS // 4 for part in (1, 2, 3)),
    ),
    init_key="kill",
)
Folders = tuple[Path, Path, Path]  # tokenizer, encoded corpus, plan


def prepare(folder: Path) -> Folders:
    """Encoded base text, tokenizer and plan, made by the rooms."""
    raw, kept, words, shard, plan = (folder / name for name in ("raw", "kept", "tokenizer", "base", "plan"))
    for path in (raw, kept, words, shard, plan):
        path.mkdir()
    corpus = Corpus(name="base", world=BaseText(num_documents=1500), heldout_documents=10)
    collect(corpus, study_key="kill", data_root=None, out=raw, track=Silent())
    curate(Curation(is_world=True), raw, suites=(), study_key="kill", data_root=None, out=kept, track=Silent())
    train_tokenizer(Tokenizer(kind="world"), {}, data_root=None, out=words, track=Silent())
    tokenize(words, kept, out=shard, track=Silent())
    config = Mixing(
        weights={"base": 1.0},
        budget=STEPS * TOKENS,
        unit="tokens",
        loss="all",
        max_repetitions={"base": 9},
        sequence_length=LENGTH,
        stream_key="kill",
    )
    mix(config, {"base": shard}, out=plan, track=Silent())
    return words, shard, plan


def attempt(folders: Folders, out: Path) -> None:
    """One process of a run: carries on where the one before was killed."""
    words, shard, plan = folders
    out.mkdir(exist_ok=True)
    ledger = pretrain(CONFIG, plan, {"base": shard}, words, previous=None, out=out, track=Silent())
    out.with_suffix(".ledger").write_bytes(orjson.dumps(ledger.to_json()))


def start(folders: Folders, out: Path) -> BaseProcess:
    """An attempt in a process of its own, forked off a server that has done the imports."""
    process = multiprocessing.get_context("forkserver").Process(target=attempt, args=(folders, out))
    process.start()
    return process


def run(folders: Folders, out: Path, seconds: float, instants: random.Random) -> tuple[int, int]:
    """A run to its end; how many times it was killed, and how often in the midst of writing."""
    kills = midst = 0
    while True:
        process = start(folders, out)
        process.join(instants.uniform(0, seconds))
        if kills % 2:
            _wait_for_a_draft(process, out)
            time.sleep(instants.uniform(0, 0.02))
        process.kill()  # one that has ended does not mind
        process.join()
        if process.exitcode == 0:
            return kills, midst
        kills += 1
        midst += _is_writing(out)


def _wait_for_a_draft(process: BaseProcess, out: Path) -> None:
    while process.is_alive() and not _is_writing(out):
        pass


def _is_writing(out: Path) -> bool:
    homes = (out, out / "restart", out / "at")
    return any(path.name.endswith(".draft") for home in homes if home.is_dir() for path in home.iterdir())


def everything(out: Path) -> tuple[object, ...]:
    """All that the run leaves, in checksums."""
    return (*list_files(out), out.with_suffix(".ledger").read_bytes())


def main(wanted: int, seed: int) -> int:
    """Kill until there were enough; 0 if every run ended with the same bytes."""
    console, instants = Console(highlight=False), random.Random(seed)
    torch.set_num_threads(1)
    multiprocessing.get_context("forkserver").set_forkserver_preload(["pipeline.pretrain.pretrain", "__main__"])
    with tempfile.TemporaryDirectory() as name:
        folders = prepare(Path(name))
        seconds = [_undisturbed(folders, Path(name) / f"whole{number}") for number in range(2)][1]
        whole = everything(Path(name) / "whole1")
        kills = midst = runs = differing = 0
        while kills < wanted:
            runs += 1
            out = Path(name) / f"killed{runs}"
            more, within = run(folders, out, seconds / PART, instants)
            kills, midst = kills + more, midst + within
            differing += everything(out) != whole
            console.print(f"run {runs}: {more} kills, {'other bytes' if differing else 'the same bytes'}")
    console.print(
        f"{kills} kills, {midst} of them while something was being written, in {runs} runs of {seconds:.1f} s"
    )
    console.print(f"{differing} runs ended with other bytes than the undisturbed one")
    return int(differing > 0)


def _undisturbed(folders: Folders, out: Path) -> float:
    """Seconds of a run that is left alone."""
    began = time.perf_counter()
    start(folders, out).join()
    return time.perf_counter() - began


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(numbers + [30, 0][len(numbers) :])))
