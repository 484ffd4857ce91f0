import re

import pytest
from test_loop import Recorder, make_run, train_into
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.lm.training.engine import Engine

ASKING = ("tolist", "item", "cpu", "numpy", "__float__", "__int__", "__bool__", "__index__", "is_nonzero")


def test_a_report_tells_losses_by_source_speed_and_what_is_left(training_world, tmp_path):
    recorder = Recorder()
    train_into(tmp_path / "out", make_run(training_world), recorder)
    _, values = recorder.steps[0]
    wanted = {"tokens_seen", "lr", "loss", "loss/base", "loss/qa", "gradient_norm", "loss_spikes"}
    assert values.keys() >= wanted | {"tokens_per_second", "seconds_left", "mfu", "peak_flops"}
    assert values["seconds_left"] > 0
    assert recorder.steps[-1][1]["seconds_left"] == 0
    loss = r"\d\.\d{3}"
    line = rf"loss {loss} \(base {loss}, qa {loss}\), [\d,]+ tokens/s, MFU \d+\.\d% of [\d.e-]+ TFLOP/s, "
    line += r"0:\d\d:\d\d left"
    assert all(re.fullmatch(line, note) for note in recorder.notes)


class Asked(TorchDispatchMode):
    """Notes each value that is taken off the device below Python."""

    def __init__(self, where):
        super().__init__()
        self.where = where

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "_local_scalar_dense" in str(func):
            self.where.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def asked(monkeypatch):
    """What was asked for the value of, since the last look."""
    found = []

    def watch(name):
        ask = getattr(Tensor, name)

        def noted(self, *args, **kwargs):
            found.append(name)
            return ask(self, *args, **kwargs)

        monkeypatch.setattr(Tensor, name, noted)

    for name in ASKING:
        watch(name)
    with Asked(found):
        yield found


def test_only_reports_and_saves_wait_for_the_device(training_world, tmp_path, asked, monkeypatch):
    by_step = []
    step = Engine.step

    def stepping(*args):
        by_step.append(list(asked))
        asked.clear()
        return step(*args)

    monkeypatch.setattr(Engine, "step", stepping)
    train_into(tmp_path / "out", make_run(training_world))
    waiting = [number for number, names in enumerate(by_step[1:], start=1) if names]
    assert waiting == [4, 5, 8, 10, 12]  # reports after each fourth step, saves after the 5th and 10th
