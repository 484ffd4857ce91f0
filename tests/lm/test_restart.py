import errno
import os
import signal

import pytest
import torch
from test_loop import TINY, Recorder, contents, make_run, train_into

from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.lm.models import model
from pipeline.lm.training import restart


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


def interrupt(world, out, at):
    with pytest.raises(StopHereError):
        train_into(out, make_run(world), InterruptAt(at))


def points(out):
    return [int(folder.name) for folder in sorted((out / "restart").iterdir())]


@pytest.fixture
def whole(training_world, tmp_path):
    """The uninterrupted run: its ledger and its files."""
    ledger = train_into(tmp_path / "whole", make_run(training_world))
    return ledger, contents(tmp_path / "whole")


@pytest.mark.parametrize("at", [4, 8, 12])
def test_an_interrupted_run_ends_with_the_same_bytes(training_world, tmp_path, whole, at):
    out = tmp_path / "out"
    interrupt(training_world, out, at)
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
    assert points(out) == [5, 8]
    ledger = train_into(out, make_run(training_world))
    assert (ledger, contents(out)) == whole


def damage(out, step, name="model.safetensors"):
    path = out / "restart" / f"{step:012d}" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("optimizer.safetensors", "optimizer.safetensors is not what its checksum tells"),
        ("tally.json", "tally.json is not what its checksum tells"),
        ("manifest.json", "manifest.json cannot be understood"),
    ],
)
def test_a_damaged_point_is_named_and_the_one_before_it_taken(training_world, tmp_path, whole, name, complaint):
    out = tmp_path / "out"
    interrupt(training_world, out, 12)
    assert points(out) == [5, 10]
    damage(out, 10, name)
    recorder = Recorder()
    ledger = train_into(out, make_run(training_world), recorder)
    assert (ledger, contents(out)) == whole
    ((step, remark),) = recorder.remarks
    assert step == 5
    assert complaint in remark
    assert remark.endswith("the run carries on from step 5 instead")
    assert recorder.steps[0][0] == 8


def test_a_point_that_lacks_a_file_is_damaged(training_world, tmp_path):
    interrupt(training_world, tmp_path, 12)
    (tmp_path / "restart" / f"{10:012d}" / "extra.safetensors").unlink()
    found = restart.newest(tmp_path)
    assert found.point is not None
    assert found.point.tally["step"] == 5
    assert "extra.safetensors" in found.damaged[0]


def test_where_no_point_is_sound_the_run_does_not_start_over_by_itself(training_world, tmp_path):
    interrupt(training_world, tmp_path, 12)
    for step in (5, 10):
        damage(tmp_path, step)
    with pytest.raises(
        UserError, match=r"000010 is damaged .*; .*000005 is damaged .*remove .*restart and run the same"
    ):
        train_into(tmp_path, make_run(training_world))
    assert points(tmp_path) == [5, 10]


def test_points_of_another_model_are_refused(training_world, tmp_path):
    interrupt(training_world, tmp_path, 8)
    run = make_run(training_world)
    wider = model.build(TINY.model_copy(update={"intermediate_size": 48}), run.tokenizer, "init")
    with pytest.raises(UserError, match="are of another model; remove them, or train that model"):
        train_into(tmp_path, make_run(training_world, lm=wider))


def point(step: int) -> restart.Point:
    return restart.Point({"step": step}, {"w": torch.full((2,), float(step))}, {}, {})


def test_the_newest_points_are_kept_and_half_written_ones_cleared_away(tmp_path):
    for step in (1, 2, 3, 20):
        restart.write(tmp_path, step, point(step), keep=3)
    assert points(tmp_path) == [2, 3, 20]
    (tmp_path / "restart" / f".{30:012d}.draft").mkdir()
    found = restart.newest(tmp_path)
    assert found.point is not None
    assert (found.point.tally, found.point.model["w"].tolist(), found.damaged) == ({"step": 20}, [20, 20], [])
    restart.tidy(tmp_path, 3)
    assert points(tmp_path) == [2, 3]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("failing", ["model.safetensors", "extra.safetensors"])
def test_a_full_disk_stops_the_run_and_leaves_what_was_saved(
    training_world, tmp_path, whole, monkeypatch, number, failing
):
    out, write = tmp_path / "out", restart.save_file

    def full(tensors, path):
        write({}, path)
        if path.name == failing and path.parent.name == f".{10:012d}.draft":
            raise OSError(number, os.strerror(number), str(path))
        write(tensors, path)

    monkeypatch.setattr(restart, "save_file", full)
    with pytest.raises(UserError) as stopped:
        train_into(out, make_run(training_world))
    message = str(stopped.value)
    assert f"{10:012d}" in message
    assert "0.1 MB are needed there and" in message
    assert "run the same line again" in message
    assert "\n" not in message
    assert points(out) == [5]
    monkeypatch.undo()
    ledger = train_into(out, make_run(training_world))
    assert (ledger, contents(out)) == whole
