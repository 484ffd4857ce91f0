"""One rank of those that `test_ranks` starts with torchrun: trains the tiny world in every way that ranks can."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch
from test_loop import TRAINING, make_run, train_into
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.core.track import Silent
from pipeline.lm.config import Optimizer
from pipeline.lm.training.spread import whole
from pipeline.lm.training.starting import start_engine
from pipeline.lm.training.stream import TokenStream

WAYS = ("ddp", "fsdp")


def training(**changes):
    return TRAINING.model_copy(update={"log_every": 1, **changes})


class Exchanges(TorchDispatchMode):
    """Counts how often gradients go between ranks: buckets of DDP, groups of FSDP."""

    def __init__(self, objective):
        super().__init__()
        self.count = 0
        if isinstance(objective, DistributedDataParallel):
            objective.register_comm_hook(None, self.reduce)

    def reduce(self, _, bucket):
        self.count += 1
        return allreduce_hook(None, bucket)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += "reduce_scatter" in str(func)
        return func(*args, **(kwargs or {}))


def first_step(world, **changes):
    """The first batch's gradient as the optimizer meets it, whole and clipped, and what the step tells.

    Rows differ in their targets; clipping is at work.
    """
    lm, plan = make_run(world).lm, replace(world.plan, loss="answers")
    made = start_engine(lm, Optimizer(lr=1e-3, clip=0.1), training(**changes), 2)
    batch, found = next(TokenStream(plan, world.shards).batches(8)), {}

    def note(*_):
        found.update({name: whole(parameter.grad).clone() for name, parameter in lm.named_parameters()})

    made.optimizer.register_step_pre_hook(note)
    with Exchanges(made.objective) as exchanges:
        told = made.step(batch, 1e-3)
    found |= {"loss": told.loss, "norm": told.gradient_norm, "by source": told.source_losses / batch.num_loss_tokens}
    return found, exchanges.count


def trained_with_muon(world, how):
    """Weights before and after three steps of Muon, as rank 0 gathers them."""
    lm = make_run(world).lm
    made = start_engine(lm, Optimizer(kind="muon", lr=1e-2), training(parallel=how), 2)
    batches, before = TokenStream(world.plan, world.shards).batches(8), made.weights()
    before = {name: tensor.clone() for name, tensor in before.items()}
    for _ in range(3):
        made.step(next(batches), 1e-2)
    return before, made.weights()


class Terminated(Silent):
    """Of one rank: sends SIGTERM to it, and to no other, at step 6."""

    def log(self, step, values):
        if step == 6:
            os.kill(os.getpid(), signal.SIGTERM)


def train_until_terminated(world, out, how):
    try:
        train_into(out, make_run(world, training=training(parallel=how)), Terminated())
    except SystemExit as stopped:
        return stopped.code
    raise AssertionError("nobody heard the signal")


def refusal(world, **changes):
    try:
        start_engine(make_run(world).lm, Optimizer(lr=1e-3), training(**changes), 2)
    except UserError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def main(folder):
    """Two ranks at first whole runs, then runs that end on one rank, then runs that began on one."""
    sys.path.append(str(Path(__file__).parents[1]))
    from conftest import World  # in pytest's own process this name is another folder's

    world = World(folder, MixPlan.load(folder / "mix" / "plan.json"), {name: folder / name for name in ("base", "qa")})
    said = {"refusal": refusal(world, batch_rows=1, parallel="ddp")}
    for how in WAYS:
        said["first step", how] = [first_step(world, parallel=how, micro_batch_rows=rows) for rows in (None, 2)]
        said["muon", how] = trained_with_muon(world, how)
        run = make_run(world, training=training(parallel=how))
        train_into(folder / how, run)
        said["is sharded", how] = [isinstance(parameter, DTensor) for parameter in run.lm.parameters()]
        said["code", how] = train_until_terminated(world, folder / f"{how}-then-one", how)
        train_into(folder / f"one-then-{how}", make_run(world, training=training(parallel=how)))
    torch.save(said, folder / f"said-{os.environ['RANK']}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
