"""The ranks of a job: which rows of a batch are each one's own, and the group that they talk through.

A rank is one process (`core.rank`). Torch is imported inside functions, since questions come before it is needed.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from pipeline.core.errors import UserError
from pipeline.core.rank import num_ranks, rank
from pipeline.lm.config import Training

_WHO = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
# Accelerate's own ways of sharding. On a CPU its FSDP is plain DDP without a word (seen with Accelerate 1.15).
_RIVALS = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED", "ACCELERATE_USE_MEGATRON_LM")


def train_together(training: Training) -> bool:
    """Whether a training stage runs on all ranks; otherwise it runs on the first alone."""
    return training.parallel != "none" and num_ranks() > 1


def rows_of_rank(training: Training, ranks: int) -> int:
    """Rows of a batch that each rank trains on.

    Raises UserError where there are more ranks than rows, or the rows do not come out even.
    """
    batch = f"training.batch_rows={training.batch_rows}"
    if ranks > training.batch_rows:
        raise UserError(
            f"{ranks} ranks are more than the rows of a batch ({batch}), some would have nothing to train on; "
            f"start at most {training.batch_rows} ranks, or raise training.batch_rows"
        )
    rows, rest = divmod(training.batch_rows, ranks)
    micro = training.micro_batch_rows or rows
    if rest or rows % micro:
        at_once = f" x training.micro_batch_rows={micro}" if training.micro_batch_rows else ""
        raise UserError(f"{batch} is no multiple of {ranks} ranks{at_once}; change one of them")
    return rows


def refuse_rivals() -> None:
    """Raise UserError where the environment asks Accelerate to shard the model in a way of its own."""
    for name in _RIVALS:
        if os.environ.get(name, "false").lower() in ("true", "1", "yes", "on", "y", "t"):
            raise UserError(
                f"{name}={os.environ[name]} asks for Accelerate's own sharding, which on a CPU is plain DDP without "
                "saying so; unset it (`accelerate launch` without that option) and give training.parallel=fsdp"
            )


def join(store: Any = None) -> None:
    """Join the group of all ranks, if this process is not in it already.

    store: torch's key-value store to meet at; that of the environment where not given. On GPUs tensors go through
    NCCL and whatever lies on the CPU through gloo, so that a flag between ranks waits for no GPU.
    """
    import torch
    import torch.distributed as dist

    if dist.is_initialized():
        return
    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, store=store, rank=rank(), world_size=num_ranks())


@contextmanager
def unseen() -> Generator[None]:
    """Hide the other ranks from Accelerate, which would wait for them: for a stage that trains on one."""
    hidden = {name: os.environ.pop(name) for name in _WHO if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
