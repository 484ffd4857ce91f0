"""A model spread over ranks: whole on each of them (DDP), or a part of every tensor on each (FSDP2, `fully_shard`).

Either way the gradient that the optimizer sees is the mean over ranks of what each computed; the engine scales its
loss so that this mean is the gradient of the whole batch.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, DynamoBackend, GradientAccumulationPlugin, TorchDynamoPlugin
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from pipeline.lm.config import Training
from pipeline.lm.training import ranks
from pipeline.lm.training.objective import NextTokenLoss


def make_accelerator(training: Training) -> Accelerator:
    """Accelerate on this process's device, with all ranks or with this one alone.

    Its state outlives a run; a process that makes several starts it anew.
    """
    AcceleratorState._reset_state(reset_partial_state=True)  # pyright: ignore[reportPrivateUsage] - there is no public way
    if ranks.train_together(training):
        ranks.join()
        os.environ.setdefault("OMP_NUM_THREADS", str(training.threads))  # else Accelerate takes a number of its own
        return _new_accelerator(training)
    with ranks.unseen():
        return _new_accelerator(training)


def _new_accelerator(training: Training) -> Accelerator:
    return Accelerator(
        cpu=not torch.cuda.is_available(),
        mixed_precision="no",  # the objective's own affair: Accelerate's wrapper is compiled anew for each model
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),  # whatever the environment says
        dynamo_plugin=TorchDynamoPlugin(backend=DynamoBackend.INDUCTOR, dynamic=False) if training.compile else None,
        kwargs_handlers=[DistributedDataParallelKwargs(gradient_as_bucket_view=True)],
    )


def spread(objective: NextTokenLoss, training: Training, accelerator: Accelerator) -> nn.Module:
    """Put the objective on the device: over all ranks, or on the one there is; compiled where asked for.

    Accelerate does it, save for FSDP: its plugin for that is plain DDP on a CPU.
    """
    if training.parallel == "fsdp" and accelerator.num_processes > 1:
        return _shard(objective, training, accelerator)
    objective.to(accelerator.device)
    return cast(nn.Module, accelerator.prepare(objective))


def _shard(objective: NextTokenLoss, training: Training, accelerator: Accelerator) -> nn.Module:
    """Shard each decoder layer, and as one group what is left: embeddings, last norm, head.

    On a GPU layers compute in the type of `precision`, and gradients are summed in fp32; on a CPU autocast does it,
    so that bf16 is the same as in one process.
    """
    is_bf16_gpu = training.precision == "bf16" and accelerator.device.type == "cuda"
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if is_bf16_gpu else MixedPrecisionPolicy()
    mesh = init_device_mesh(accelerator.device.type, (accelerator.num_processes,))
    for layer in _layers(objective.decoder):
        if training.compile:
            layer.compile(dynamic=False)
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(objective, mesh=mesh, mp_policy=policy)
    return objective


def _layers(decoder: nn.Module) -> nn.ModuleList:
    layers = next((child for child in decoder.children() if isinstance(child, nn.ModuleList)), None)
    assert layers is not None, f"{type(decoder).__name__} has no list of layers"
    return layers


@contextmanager
def reducing(objective: nn.Module, *, is_last: bool) -> Generator[None]:
    """Around a micro-batch: ranks exchange gradients at a batch's last one only."""
    if isinstance(objective, FSDPModule):
        objective.set_requires_gradient_sync(is_last)
    ddp = objective if isinstance(objective, DistributedDataParallel) else getattr(objective, "_orig_mod", None)
    if isinstance(ddp, DistributedDataParallel) and not is_last:
        with ddp.no_sync():
            yield
    else:
        yield


def whole(tensor: Tensor) -> Tensor:
    """A tensor's values, all of them. Where it is a rank's part of a larger one, every rank must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def placed_like(values: Tensor, like: Tensor) -> Tensor:
    """Whole values on a tensor's device; where it is a part of a larger one, this rank's part of them."""
    values = values.to(like.device)
    if isinstance(like, DTensor) and values.shape == like.shape:
        # Every rank has read the same values: nothing is sent.
        return distribute_tensor(values, like.device_mesh, like.placements, src_data_rank=None)
    return values


def gathered(tensors: Mapping[str, Tensor], *, is_main: bool) -> dict[str, Tensor]:
    """Whole tensors on the CPU, one after the other, for rank 0; the other ranks drop theirs at once. Collective."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        values = whole(tensor.detach())
        if is_main:
            found[name] = values.cpu()
    return found
