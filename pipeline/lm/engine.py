"""Model, optimizer and objective on the device, through Accelerate: one step at a time."""

from dataclasses import dataclass
from typing import Any

import torch
import torch._dynamo.config as dynamo_config
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DynamoBackend, TorchDynamoPlugin
from torch import Tensor, nn
from torch.optim import AdamW
from transformers import PreTrainedModel

from pipeline.lm import attention
from pipeline.lm.batch import Batch
from pipeline.lm.config import Optimizer, Training
from pipeline.lm.objective import NextTokenLoss, to_inputs
from pipeline.lm.optimizer import make_optimizer, set_learning_rate

_MOST_SHAPES = 64  # of batch and model, compiled in one process


@dataclass(frozen=True, slots=True)
class StepResult:
    """Of one step, all on the device."""

    loss: Tensor  # scalar: mean cross-entropy over the batch's targets, in nats
    source_losses: Tensor  # float64 (C,): sum of cross-entropy over each source's targets
    gradient_norm: Tensor  # scalar, before clipping


@dataclass(frozen=True, slots=True)
class Engine:
    """What a step needs."""

    lm: PreTrainedModel  # the bare model: its parameters are the ones trained
    optimizer: AdamW
    accelerator: Accelerator
    objective: nn.Module  # `NextTokenLoss`, in mixed precision and compiled where asked for
    training: Training
    max_lr: float
    clip: float
    num_sources: int

    def step(self, batch: Batch, lr: float) -> StepResult:
        """Forward, backward, clip, update.

        The loss is the sum over targets divided by the number of targets in the whole batch, so that cutting the
        batch into micro-batches changes no gradient.
        """
        set_learning_rate(self.optimizer, lr)
        num_targets = max(1, batch.num_loss_tokens)
        sums = torch.zeros(self.num_sources, dtype=torch.float64, device=self.accelerator.device)
        for start in range(0, self.training.batch_rows, self.training.rows_at_once):
            sums += self._accumulate(batch, slice(start, start + self.training.rows_at_once), num_targets)
        norm = self.accelerator.clip_grad_norm_(self.lm.parameters(), self.clip)
        assert norm is not None
        self.optimizer.step()
        self.optimizer.zero_grad()
        return StepResult(sums.sum() / num_targets, sums, norm)

    def _accumulate(self, batch: Batch, rows: slice, num_targets: int) -> Tensor:
        """Add one micro-batch's gradient; return the summed losses of each source, float64 (C,)."""
        inputs = to_inputs(batch, rows, self.accelerator.device, static=self.training.compile)
        losses_n = self.objective(*inputs[:-1])
        self.accelerator.backward(losses_n.sum() / num_targets)
        sums = torch.zeros(self.num_sources, dtype=torch.float64, device=losses_n.device)
        return sums.index_add_(0, inputs.sources_n, losses_n.detach().double())


def start(lm: PreTrainedModel, optimizer: Optimizer, training: Training, num_sources: int) -> Engine:
    """Put a model and a new optimizer on the device.

    A process that makes several runs of one shape compiles once: the compiled graph takes weights as inputs.
    """
    accelerator = _accelerator(training)
    if training.precision == "bf16":
        attention.register()
        lm.set_attn_implementation(attention.FP32_ATTENTION)
    if training.compile:
        _refuse_silent_fallback()
    lm.train()
    lm.to(accelerator.device)
    adamw = make_optimizer(lm, optimizer)
    objective = accelerator.prepare(NextTokenLoss(lm, is_bf16=training.precision == "bf16"))
    return Engine(lm, adamw, accelerator, objective, training, optimizer.lr, optimizer.clip, num_sources)


def _refuse_silent_fallback() -> None:
    """Past its limit of shapes torch would run uncompiled without a word: slower, and with other bits."""
    limits: Any = dynamo_config
    limits.recompile_limit = _MOST_SHAPES
    limits.fail_on_recompile_limit_hit = True


def _accelerator(training: Training) -> Accelerator:
    """Accelerate on this process's CPU. Its state outlives a run; a process that makes several runs starts it anew."""
    AcceleratorState._reset_state(reset_partial_state=True)  # pyright: ignore[reportPrivateUsage] - there is no public way
    return Accelerator(
        cpu=True,
        mixed_precision="no",  # the objective's own affair: Accelerate's wrapper is compiled anew for each model
        dynamo_plugin=TorchDynamoPlugin(backend=DynamoBackend.INDUCTOR, dynamic=False) if training.compile else None,
    )
