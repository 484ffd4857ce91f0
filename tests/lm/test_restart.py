import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from test_loop import Recorder, contents, make_run, train_into

from pipeline.core.track import Silent
from pipeline.lm import restart

KILLED = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from conftest import World
from pipeline.core.plan import MixPlan
from test_loop import make_run, train_into, Recorder
class Slow(Recorder):
    def log(self, step, values):
        __import__("time").sleep(0.3)
folder = Path(sys.argv[3])
world = World(folder, MixPlan.load(folder / "mix" / "plan.json"), {n: folder / n for n in ("base", "qa")})
train_into(folder / "out", make_run(world), Slow())
"""


class StopHereError(Exception):
    pass


class InterruptAt(Recorder):
    def __init__(self, at):
        super().__init__()
        self.at = at

    def log(self, step, values):
        super().log(step, values)
        if step == self.at:
            raise StopHereError


@pytest.fixture
def whole(training_world, tmp_path):
    """The uninterrupted run: its ledger and its files."""
    ledger = train_into(tmp_path / "whole", make_run(training_world))
    return ledger, contents(tmp_path / "whole")


@pytest.mark.parametrize("at", [4, 8, 12])
def test_an_interrupted_run_ends_with_the_same_bytes(training_world, tmp_path, whole, at):
    out = tmp_path / "out"
    with pytest.raises(StopHereError):
        train_into(out, make_run(training_world), InterruptAt(at))
    recorder = Recorder()
    ledger = train_into(out, make_run(training_world), recorder)
    assert (ledger, contents(out)) == whole
    assert recorder.steps[0][0] == (4 if at < 8 else at)  # at step 5 the first restart point is written


def test_sigterm_saves_within_the_step_and_exits_143(training_world, tmp_path, whole):
    class Terminate(Silent):
        def log(self, step, values):
            if step == 8:
                os.kill(os.getpid(), signal.SIGTERM)

    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stopped:
        train_into(out, make_run(training_world), Terminate())
    assert stopped.value.code == 143
    assert [path.name for path in (out / "restart").iterdir()] == [f"{8:012d}"]
    ledger = train_into(out, make_run(training_world))
    assert (ledger, contents(out)) == whole


def test_kill_9_loses_nothing_but_time(training_world, tmp_path, whole):
    here = Path(__file__).parent
    command = [sys.executable, "-c", KILLED, str(here), str(here.parent), str(tmp_path)]
    process = subprocess.Popen(command, cwd=here.parent.parent)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out").glob("restart/0*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    ledger = train_into(tmp_path / "out", make_run(training_world))
    assert (ledger, contents(tmp_path / "out")) == whole


def test_half_written_points_are_passed_over_and_older_ones_dropped(tmp_path):
    for step in (1, 2):
        restart.write(tmp_path, step, restart.Point({"step": step}, {"w": torch.full((2,), float(step))}, {}, {}))
    (tmp_path / "restart" / "draft").mkdir()
    point = restart.newest(tmp_path)
    assert point is not None
    assert point.tally == {"step": 2}
    assert point.model["w"].tolist() == [2, 2]
    assert sorted(path.name for path in (tmp_path / "restart").iterdir()) == [f"{2:012d}", "draft"]
    restart.clear(tmp_path)
    assert restart.newest(tmp_path) is None
