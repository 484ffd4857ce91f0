"""Many processes on one sweep, some of them killed: is what they leave what one undisturbed process leaves?

    .venv/bin/python benchmarks/concurrent_sweeps.py [processes] [kills] [seed] [stage]

A sweep in miniature (4 arms, 26 stages) is run once by a single process, and then by several at once into one store,
each on the same command line. While they run, one of them, drawn at random, is killed with all that it has started
(SIGKILL) after a random time, and started again; so until there were enough kills. They fall within about the time that
the single process took, on a fast machine as on a slow one. Then every file is held against its
record, every artifact's content against the single process's, and the processes' own words are counted: how many
stages were built, and how many of them more than once. A stage's name ends the sweep there, where CPU time is dear.
Exits 1 where anything differs.
"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipeline.core.store import Store

LINE = (
    *("-m", "recipe=smoke", "pretrain_mix=none,shq", "sft_mix=shq,ldq", "tracking=off", "workers=1"),
    *("phases.trunk.tokens=12k", "phases.branch.tokens=16k", "training.checkpoint_every=4k", "sft.loss_tokens=1500"),
    *("corpora.base.world.num_documents=300", "corpora.ldq.world.num_documents=200"),
    *("corpora.shq.world.num_documents=100", "model.hidden_size=16", "model.intermediate_size=32", "block_rows=4"),
    *("model.num_hidden_layers=1", "+sft.block_rows=4", "eval.suites.0.world.problems_per_family=1"),
    *("eval.max_new_tokens=8", "eval.traces=1", "eval.graded_problems=1", "eval.heldout_documents=10"),
)
BUILT = re.compile(r"\] done (.+) in [0-9]")


class Hand:
    """One of the processes, started anew as often as it is killed."""

    def __init__(self, store: Path, log: Path, stage: str) -> None:
        self._words = (f"store={store}", f"stage={stage}")
        self.log = log
        self.start()

    def start(self) -> None:
        """Begin, or begin again, on the same line."""
        command = [sys.executable, "-m", "pipeline", *LINE, *self._words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """Kill it with all that it has started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def contents(store: Path) -> dict[tuple[str, str, int], str]:
    """Content by stage, fingerprint and attempt; not of pages, which tell the time taken."""
    artifacts = [each for each in Store(store).artifacts() if each.stage != "report"]
    return {(each.stage, each.fingerprint, each.record.attempt): each.content for each in artifacts}


def run_together(
    folder: Path, num_processes: int, num_kills: int, stage: str, chance: random.Random, alone: float
) -> list[Hand]:
    """All at once, until every one has come to its end. alone: seconds of a single one, over which the kills fall."""
    hands = [Hand(folder / "together", folder / f"hand{number}.log", stage) for number in range(num_processes)]
    kills, began = 0, time.monotonic()
    while any(hand.process.poll() is None for hand in hands):
        time.sleep(chance.uniform(0.1, 2 * alone / (num_kills + 1)) if kills < num_kills else 0.5)
        living = [hand for hand in hands if hand.process.poll() is None]
        if living and kills < num_kills:
            hand = chance.choice(living)
            hand.kill()
            hand.start()
            kills += 1
            print(f"kill {kills}, {time.monotonic() - began:.0f} s after the start", flush=True)
    print(f"{num_processes} processes, {kills} kills")
    return hands


def main(num_processes: int, num_kills: int, seed: int, stage: str = "all") -> int:
    """0 if what is left is what a single process leaves."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        alone = Hand(folder / "alone", folder / "alone.log", stage)
        code = alone.process.wait()
        middle = time.monotonic()
        print(f"alone {middle - began:.0f} s (exit code {code})", flush=True)
        hands = run_together(folder, num_processes, num_kills, stage, random.Random(seed), middle - began)
        print(f"together {time.monotonic() - middle:.0f} s")
        one, many = contents(folder / "alone"), contents(folder / "together")
        problems = [line for each in Store(folder / "together").artifacts() for line in each.verify()]
        built = Counter(line for hand in hands for line in BUILT.findall(hand.log.read_text(encoding="utf-8")))
        twice = {line: count for line, count in built.items() if count > 1}
        codes = [hand.process.returncode for hand in hands]
        print(
            f"{len(many)} artifacts, {len(one)} by one process; the same: {one == many}; damaged files: {len(problems)}"
        )
        print(f"stages built: {sum(built.values())}, of them more than once: {twice or 'none'}; exit codes {codes}")
        left = [str(path) for path in Store(folder / "together").unfinished()]
        print(f"unfinished folders left: {left or 'none'}")
    return int(bool(one != many or problems or twice or any(codes) or code or left))


if __name__ == "__main__":
    hands, kills, seed = [int(argument) for argument in sys.argv[1:4]] + [8, 6, 0][len(sys.argv[1:4]) :]
    sys.exit(main(hands, kills, seed, *sys.argv[4:5]))
