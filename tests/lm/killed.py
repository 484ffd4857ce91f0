"""A run that is killed with SIGKILL at the n-th thing it does, again and again, until it ends; for `test_kills`.

    killed.py FOLDER SEED

FOLDER: a training world on disk; the run works in `FOLDER/killed`, another one, left alone, in `FOLDER/whole`. What it
did is counted in steps and in touches of files (opened, renamed, removed; folders made), so that kills fall between
steps and into saves alike; equal seeds kill at equal instants. Prints the number of kills.
"""

import os
import random
import signal
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]

import orjson  # noqa: E402
import torch  # noqa: E402
from conftest import World  # noqa: E402
from test_loop import TRAINING, Recorder, make_run, train_into  # noqa: E402

from pipeline.core.plan import MixPlan  # noqa: E402
from pipeline.lm.training import spikes  # noqa: E402
from pipeline.lm.training.engine import Engine  # noqa: E402

KEPT = ("1500", "4k", "6k")
FILES = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir")
MOST = 120  # things between two kills; from one restart point to the next there are up to ninety


def easily_startled():
    """Let a loss that falls more slowly than the last ones count as a spike: these runs have no other."""
    spikes.WINDOW, spikes.LEAST, spikes.DEVIATIONS, spikes.RISE = 6, 3, -1.5, -1.0


class Remarks(Recorder):
    """Remarks go to a file at once, as in a run's log."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def remark(self, step, line):
        with self.path.open("a") as file:
            file.write(f"{line}\n")


def open_world(folder: Path) -> World:
    return World(folder, MixPlan.load(folder / "mix" / "plan.json"), {name: folder / name for name in ("base", "qa")})


def run_once(world: World, out: Path):
    training = TRAINING.model_validate({**TRAINING.literals(), "checkpoint_every": 600, "keep_at": KEPT})
    ledger = train_into(out, make_run(world, training=training), Remarks(out.with_suffix(".remarks")))
    out.with_suffix(".ledger").write_bytes(orjson.dumps(ledger.to_json()))


def die_at(number: int, out: Path):
    """SIGKILL ourselves at the number-th step or touch."""
    left = number

    def count():
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(event, args):
        if event in FILES and (event.startswith("os.r") or str(args[0]).startswith(f"{out}/")):
            count()

    step = Engine.step

    def counted(*args):
        count()
        return step(*args)

    Engine.step = counted
    sys.addaudithook(hear)


def attempt(world: World, out: Path, number: int | None) -> bool:
    """One process of the run; whether it came to the end."""
    child = os.fork()
    if child == 0:
        if number is not None:
            die_at(number, out)
        run_once(world, out)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), code
    return code == 0


def main(folder: Path, seed: int):
    torch.set_num_threads(1)
    easily_startled()
    world = open_world(folder)
    make_run(world)  # imports all there is to import, so that an attempt costs no seconds
    assert attempt(world, folder / "whole", None)
    instants = random.Random(seed)
    kills = 0
    while not attempt(world, folder / "killed", instants.randint(1, MOST)):
        kills += 1
    sys.stdout.write(f"{kills}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
