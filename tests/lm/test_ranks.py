"""Two gloo processes against one: one start of both for all tests, since starting takes longer than training."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from rank_process import WAYS, first_step, train_until_terminated, trained_with_muon, training
from safetensors.torch import load_file
from test_loop import make_run, train_into
from transformers import AutoModelForCausalLM

from pipeline.core.errors import UserError
from pipeline.lm.config import Optimizer
from pipeline.lm.training import ranks
from pipeline.lm.training.starting import start_engine

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_training_world):
    """A world in whose folder one rank, two ranks, and one after the other have trained the same."""
    world = make_training_world(tmp_path_factory.mktemp("ranks"))
    train_into(world.folder / "one", make_run(world, training=training()))
    for how in WAYS:
        assert train_until_terminated(world, world.folder / f"one-then-{how}", "none") == 143
    script = Path(__file__).with_name("rank_process.py")
    line = [*TORCHRUN, str(script), str(world.folder)]
    ran = subprocess.run(line, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=1000, check=False)
    assert ran.returncode == 0
    return world


@pytest.fixture(scope="module")
def said(trained):
    """What each rank has to tell."""
    return [torch.load(trained.folder / f"said-{rank}.pt") for rank in range(2)]


def largest_difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def check_equal(folder, reference):
    """Weights, moments, and every value of the curve to 1e-5; steps and tokens exactly."""
    for file in ("model/model.safetensors", "state/optimizer.safetensors"):
        assert largest_difference(load_file(folder / file), load_file(reference / file)) < 1e-5
    curve, expected = (pq.read_table(each / "curve.parquet").to_pydict() for each in (folder, reference))
    assert curve.keys() == expected.keys()
    assert curve["tokens_seen"] == expected["tokens_seen"] and len(curve["step"]) == 13
    for name, values in expected.items():
        assert curve[name] == pytest.approx(values, abs=1e-5)


@pytest.mark.parametrize("how", WAYS)
def test_two_ranks_train_as_one(trained, said, how):
    check_equal(trained.folder / how, trained.folder / "one")
    assert (trained.folder / how / "state" / "position.json").read_bytes() == (
        trained.folder / "one" / "state" / "position.json"
    ).read_bytes()
    assert all(each["is sharded", how] == [how == "fsdp"] * 24 for each in said)


@pytest.mark.parametrize("how", WAYS)
def test_a_run_of_two_ranks_ends_on_one(trained, said, how):
    assert [each["code", how] for each in said] == [143, 143]  # the signal went to both alike
    out = trained.folder / f"{how}-then-one"
    train_into(out, make_run(trained, training=training()))
    check_equal(out, trained.folder / "one")


@pytest.mark.parametrize("how", WAYS)
def test_a_run_of_one_rank_ends_on_two(trained, said, how):
    check_equal(trained.folder / f"one-then-{how}", trained.folder / "one")


@pytest.mark.parametrize("how", WAYS)
def test_neither_ranks_nor_micro_batches_change_a_step(trained, said, how):
    alone, _ = first_step(trained)
    assert float(alone["norm"]) > 1.0  # and is clipped to 0.1
    for each in said:
        for told, _ in each["first step", how]:
            assert largest_difference(told, alone) < 1e-6


@pytest.mark.parametrize("how", WAYS)
def test_muon_steps_with_two_ranks_as_with_one(trained, said, how):
    (before, alone), (_, told) = trained_with_muon(trained, "none"), said[0]["muon", how]
    assert told.keys() == alone.keys()
    for name, values in alone.items():
        moved = (values - before[name]).norm()
        assert (told[name] - values).norm() < 0.05 * moved, name  # bf16 inside


@pytest.mark.parametrize(("how", "once"), [("ddp", 1), ("fsdp", 3)])  # one bucket; two layers and the rest
def test_gradients_are_exchanged_at_the_last_micro_batch_only(said, how, once):
    assert [count for _, count in said[0]["first step", how]] == [once, once]


@pytest.mark.parametrize("how", WAYS)
def test_a_checkpoint_of_ranks_opens_with_transformers(trained, said, how):
    opened = AutoModelForCausalLM.from_pretrained(trained.folder / how / "model")
    weights = load_file(trained.folder / how / "model" / "model.safetensors")
    assert weights and all(torch.equal(opened.state_dict()[name], weights[name]) for name in weights)


def test_more_ranks_than_rows_are_refused_by_every_rank(said):
    for each in said:
        assert each["refusal"].startswith("2 ranks are more than the rows of a batch (training.batch_rows=1)")


@pytest.mark.parametrize(
    ("changes", "num_ranks", "rows"),
    [({}, 1, 8), ({}, 4, 2), ({"micro_batch_rows": 2}, 4, 2), ({}, 8, 1)],
)
def test_each_rank_has_its_share_of_the_rows(changes, num_ranks, rows):
    assert ranks.rows_of_rank(training(**changes), num_ranks) == rows


@pytest.mark.parametrize(
    ("changes", "num_ranks", "complaint"),
    [
        ({}, 3, "training.batch_rows=8 is no multiple of 3 ranks; "),
        ({"micro_batch_rows": 4}, 4, "training.batch_rows=8 is no multiple of 4 ranks x training.micro_batch_rows=4; "),
    ],
)
def test_rows_that_do_not_come_out_even_are_refused(changes, num_ranks, complaint):
    with pytest.raises(UserError, match=complaint):
        ranks.rows_of_rank(training(**changes), num_ranks)


def test_accelerates_own_sharding_is_refused_by_name(training_world, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match=r"ACCELERATE_USE_FSDP=true .* plain DDP .* training.parallel=fsdp"):
        start_engine(make_run(training_world).lm, Optimizer(lr=1e-3), training(), 2)


def test_without_parallel_the_other_ranks_are_not_waited_for(training_world, monkeypatch):
    for name, value in {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    made = start_engine(make_run(training_world).lm, Optimizer(lr=1e-3), training(), 2)
    assert (made.num_ranks, made.is_main, os.environ["WORLD_SIZE"]) == (1, True, "2")
