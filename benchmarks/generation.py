"""Generation speed: ours against the harness's Hugging Face backend and plain `generate`, on the world's suite.

    .venv/bin/python benchmarks/generation.py runs/pretrain/ldq-s0-... [rounds] [batch sizes of ours, such as 128,256]

A checkpoint of the tunnel answers the tunnel's suite greedily, in fp32, on one thread. Each round runs every contender
once, in turn; an fp32 matrix product before each round says how fast the core is at that moment. Prints medians over
the rounds, and ratios to the harness at its own best batch size: quote these, the problems a second are this machine's.
The harness (`lm_eval.models.huggingface.HFLM`) gets the same prompts, stops at the end mark, and its batch sizes are
tried from 64 to 256. Time is the process's own processor time: with one thread it is what a quiet core would show.

Then holds our answers against `model.generate` asked one prompt at a time, without padding. Where they differ, the
common beginning is read again and the gap between the two likeliest tokens there is shown: under 1e-4 it is a near tie.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from generators import MAX_NEW_TOKENS, generate, harness, ours, plain
from rich.console import Console
from rich.table import Table

from pipeline.core.chat import render_prompt
from pipeline.eval.examinee import Examinee
from pipeline.eval.opening import open_examinee
from pipeline.lm.generation.generate import GREEDY
from pipeline.study.config.register import config_root
from pipeline.tasks.suite import Suite, load_suite

BATCHES = (64, 128, 256)  # at 32 the harness gives 0.6 of its best here
NEAR_TIE = 1e-4


def tunnel_suite() -> Suite:
    """The default recipe's own suite."""
    from omegaconf import OmegaConf

    recipe = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.load(config_root() / "recipes" / "tunnel.yaml")))
    return Suite.model_validate(recipe["eval"]["suites"][0])


def matmul_gflops(size: int = 1024, repeats: int = 20) -> float:
    """What one core multiplies in fp32 right now."""
    left = torch.randn(size, size)
    start = time.process_time()
    for _ in range(repeats):
        torch.mm(left, left)
    return repeats * 2 * size**3 / (time.process_time() - start) / 1e9


def differences(examinee: Examinee, prompts: Sequence[list[int]]) -> list[float]:
    """Gaps of the two likeliest logits where our answer first departs from that of one prompt at a time."""
    examinee.batch_size = 128
    answers = examinee.complete(prompts, MAX_NEW_TOKENS, GREEDY, lambda _: None)
    gaps: list[float] = []
    for prompt, answer in zip(prompts, answers, strict=True):
        (expected,) = generate(examinee, [prompt])
        if answer != expected:
            place = next(i for i in range(len(expected)) if answer[: i + 1] != expected[: i + 1])
            with torch.inference_mode():
                logits = examinee.model(torch.tensor([[*prompt, *expected[:place]]])).logits[0, -1]
            first, second = logits.topk(2).values.tolist()
            gaps.append(first - second)
    return gaps


def show(speeds: Mapping[str, list[float]], cores: Sequence[float], console: Console) -> None:
    """Medians, and ratios to the harness's best."""
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    best = max((name for name in medians if name.startswith("harness")), key=lambda name: medians[name])
    table = Table("contender", "problems/s, median", "lowest - highest", f"ratio to {best}", box=None)
    for name, median in medians.items():
        spread = f"{min(speeds[name]):.1f} - {max(speeds[name]):.1f}"
        table.add_row(name, f"{median:.1f}", spread, f"{median / medians[best]:.2f}")
    console.print(table)
    console.print(f"fp32 matrix product on the same core: {statistics.median(cores):.0f} GFLOP/s, median")


def main(checkpoint: str, rounds: int, batches: Sequence[int]) -> None:
    """Run the rounds, print the table, hold the answers against each other."""
    console = Console(width=120)
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    examinee = open_examinee(Path(checkpoint), batches[0])
    problems = load_suite(tunnel_suite(), study_key="tunnel/seed0", data_root=None)
    texts = [render_prompt(problem.prompt) for problem in problems]
    prompts = [examinee.encode(text) for text in texts]
    contenders: dict[str, Callable[[], object]] = {
        **{f"ours at {size}": ours(examinee, prompts, size) for size in batches},
        **{f"harness at {size}": harness(examinee, texts, size) for size in BATCHES},
        **{f"generate at {size}": plain(examinee, prompts, size) for size in BATCHES},
    }
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    cores: list[float] = []
    for number in range(rounds):
        cores.append(matmul_gflops())
        for name, run in contenders.items():
            start = time.process_time()
            run()
            speeds[name].append(len(prompts) / (time.process_time() - start))
        console.print(f"round {number + 1} of {rounds}: {cores[-1]:.0f} GFLOP/s", highlight=False)
    show(speeds, cores, console)
    gaps = differences(examinee, prompts)
    near = sum(gap < NEAR_TIE for gap in gaps)
    console.print(
        f"of {len(prompts)} greedy answers {len(gaps)} differ from one prompt at a time; near ties: {near} {gaps}"
    )


if __name__ == "__main__":
    sizes = sys.argv[3] if len(sys.argv) > 3 else "128,256"
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5, [int(size) for size in sizes.split(",")])
