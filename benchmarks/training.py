"""Training speed: the loop against the Hugging Face Trainer, on the tunnel's model and text.

    .venv/bin/python benchmarks/training.py [rounds]

Each round runs every contender once, in turn, on one thread, for the same number of steps of 8 x 144 tokens; an fp32
matrix product before each round says how fast the core is at that moment. Prints medians over the rounds, and ratios to
the Trainer's default. Quote the ratios: the seconds are this machine's. A contender's first row of the log, in which it
compiles, does not count.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
import transformers
from rich.console import Console
from rich.table import Table

from pipeline.core.shard import Shard
from pipeline.core.track import Silent
from pipeline.curate.config import Curation
from pipeline.curate.curate import curate
from pipeline.lm import model
from pipeline.lm.batch import Batch
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.lm.inputs import load_plan
from pipeline.lm.stream import TokenStream
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

ROWS, LENGTH, STEPS, LOG_EVERY = 8, 144, 100, 20
TUNNEL = Model(
    hidden_size=128,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=384,
    max_position_embeddings=256,
)


class Speeds(Silent):
    """Keeps the speed of each logged stretch."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Keep tokens per second."""
        del step
        self.values.append(values["tokens_per_second"])


def prepare(folder: Path) -> tuple[Path, Path, Path]:
    """Encoded base text, tokenizer and plan, made by the rooms."""
    raw, kept, words, shard, plan = (folder / name for name in ("raw", "kept", "tokenizer", "base", "plan"))
    for path in (raw, kept, words, shard, plan):
        path.mkdir()
    corpus = Corpus(name="base", world=BaseText(num_documents=6000), heldout_documents=10)
    collect(corpus, study_key="benchmark", data_root=None, out=raw, track=Silent())
    curate(Curation(is_world=True), raw, suites=(), study_key="benchmark", data_root=None, out=kept, track=Silent())
    train_tokenizer(Tokenizer(kind="world"), {}, data_root=None, out=words, track=Silent())
    tokenize(words, kept, workers=1, out=shard, track=Silent())
    config = Mixing(
        weights={"base": 1.0},
        budget=STEPS * ROWS * LENGTH,
        unit="tokens",
        loss="all",
        max_repetitions={"base": 9},
        sequence_length=LENGTH,
        stream_key="benchmark",
    )
    mix(config, {"base": shard}, out=plan, track=Silent())
    return words, shard, plan


def loop(words: Path, shard: Path, plan: Path, training: Training) -> float:
    """Tokens a second of our loop, the median over its log."""
    config = Pretrain(
        model=TUNNEL, optimizer=Optimizer(lr=2e-3), schedule=Schedule(), training=training, init_key="benchmark"
    )
    speeds = Speeds()
    with tempfile.TemporaryDirectory() as out:
        pretrain(config, plan, {"base": shard}, words, previous=None, out=Path(out), track=speeds)
    return statistics.median(speeds.values[1:])


class Rows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """The same rows for the Trainer: ids, and labels where loss falls."""

    def __init__(self, shard: Path, plan: Path) -> None:
        stream = TokenStream(load_plan(plan), {"base": Shard.open(shard)}).batches(ROWS * STEPS)
        self._batch: Batch = next(stream)

    def __len__(self) -> int:
        return ROWS * STEPS

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        ids = torch.from_numpy(self._batch.input_ids[index])
        carries_loss = torch.from_numpy(self._batch.loss_mask[index])
        return {"input_ids": ids, "labels": torch.where(carries_loss, ids, -100)}


class Clock(transformers.TrainerCallback):
    """When each step of the Trainer ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())


def trainer(words: Path, shard: Path, plan: Path, *, compiled: bool, bf16: bool) -> float:
    """Tokens a second of the Trainer, over the steps after the first log's worth."""
    torch.set_num_threads(1)
    clock, rows = Clock(), Rows(shard, plan)
    with tempfile.TemporaryDirectory() as out:
        settings = transformers.TrainingArguments(
            output_dir=out,
            per_device_train_batch_size=ROWS,
            max_steps=STEPS,
            learning_rate=2e-3,
            use_cpu=True,
            bf16=bf16,
            torch_compile=compiled,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            logging_steps=LOG_EVERY,
        )
        lm = model.build(TUNNEL, model.load_tokenizer(words), "benchmark")
        transformers.Trainer(model=lm, args=settings, train_dataset=rows, callbacks=[clock]).train()
    seconds = clock.times[-1] - clock.times[LOG_EVERY]
    return (STEPS - 1 - LOG_EVERY) * ROWS * LENGTH / seconds


def matmul_gflops(size: int = 1024, repeats: int = 20) -> float:
    """What one core multiplies in fp32 right now."""
    torch.set_num_threads(1)
    left = torch.randn(size, size)
    start = time.perf_counter()
    for _ in range(repeats):
        torch.mm(left, left)
    return repeats * 2 * size**3 / (time.perf_counter() - start) / 1e9


def main(rounds: int) -> None:
    """Run the rounds and print the table."""
    console = Console()
    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        world = prepare(Path(folder))
        contenders: dict[str, Callable[[], float]] = {
            "Trainer fp32 (default)": lambda: trainer(*world, compiled=False, bf16=False),
            "Trainer fp32 compiled": lambda: trainer(*world, compiled=True, bf16=False),
            "Trainer bf16 compiled": lambda: trainer(*world, compiled=True, bf16=True),
        }
        for precision in ("fp32", "bf16"):
            for compiled in (False, True):
                training = Training(
                    batch_rows=ROWS,
                    precision=precision,
                    compile=compiled,
                    log_every=LOG_EVERY,
                    checkpoint_every=10**9,
                )
                name = f"loop {precision}{' compiled' if compiled else ''}"
                contenders[name] = lambda training=training: loop(*world, training)
        speeds: dict[str, list[float]] = {name: [] for name in contenders}
        cores: list[float] = []
        for number in range(rounds):
            cores.append(matmul_gflops())
            for name, run in contenders.items():
                speeds[name].append(run())
            console.print(f"round {number + 1} of {rounds}: {cores[-1]:.0f} GFLOP/s", highlight=False)
    show(speeds, cores, console)


def show(speeds: Mapping[str, list[float]], cores: list[float], console: Console) -> None:
    """Medians and ratios to the first contender."""
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    first = next(iter(medians.values()))
    table = Table("contender", "tokens/s, median", "lowest - highest", "ratio", box=None)
    for name, median in medians.items():
        spread = f"{min(speeds[name]):,.0f} - {max(speeds[name]):,.0f}"
        table.add_row(name, f"{median:,.0f}", spread, f"{median / first:.2f}")
    console.print(table)
    console.print(f"fp32 matrix product on the same core: {statistics.median(cores):.0f} GFLOP/s, median")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
