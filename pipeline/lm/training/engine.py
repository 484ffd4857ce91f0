"""Model, optimizer and objective on the device, through Accelerate: one step at a time, on one rank or on many.

Every rank is given the whole batch, which follows from the stream's position, and trains on its own rows of it. What
a step returns, and what `weights` and `moments` gather, is the same at any number of ranks but for the last places.
Any rank that calls a method marked as collective waits for all the others to call it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from pipeline.lm.config import Training
from pipeline.lm.training.batch import Batch
from pipeline.lm.training.objective import to_inputs
from pipeline.lm.training.optimizer import moments, restore_moments, set_learning_rate
from pipeline.lm.training.spread import gathered, placed_like, reducing, whole


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
    optimizer: torch.optim.Optimizer
    accelerator: Accelerator
    objective: nn.Module  # `objective.NextTokenLoss`, in mixed precision and compiled where asked for
    training: Training
    max_lr: float
    clip: float
    num_sources: int

    @property
    def rank(self) -> int:
        """This process's number among those that train this model, from 0."""
        return self.accelerator.process_index

    @property
    def num_ranks(self) -> int:
        """How many processes train it."""
        return self.accelerator.num_processes

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and talks to the tracker."""
        return self.rank == 0

    @property
    def num_rows(self) -> int:
        """Rows of a batch that each rank trains on."""
        return self.training.batch_rows // self.num_ranks

    @property
    def rows_at_once(self) -> int:
        """Rows of one forward and backward pass of a rank."""
        return self.training.micro_batch_rows or self.num_rows

    def wait(self) -> None:
        """Let every rank come this far. Collective."""
        self.accelerator.wait_for_everyone()

    def any(self, flag: bool) -> bool:
        """True on every rank if the flag is set on one. Collective; waits for no GPU."""
        if self.num_ranks == 1:
            return flag
        flags = torch.tensor(int(flag))
        torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
        return bool(flags)

    def weights(self) -> dict[str, Tensor]:
        """Parameters by name, whole, fp32 on the CPU, to be read before the next step. Collective; rank 0 gets them."""
        return gathered(dict(self.lm.named_parameters()), is_main=self.is_main)

    def moments(self) -> dict[str, Tensor]:
        """The optimizer's state as `optimizer.moments` names it, likewise. Collective; rank 0 gets it."""
        return gathered(moments(self.optimizer, self.lm), is_main=self.is_main)

    def restore(self, weights: Mapping[str, Tensor] | None, moments: Mapping[str, Tensor]) -> None:
        """Put back what `weights` and `moments` gave on rank 0 of any number of ranks; None leaves the weights alone.

        Every rank must be given all of it.
        """
        parameters = dict(self.lm.named_parameters())
        if weights is not None:
            with torch.no_grad():
                for name, parameter in parameters.items():
                    parameter.copy_(placed_like(weights[name], parameter))
        placed = {name: placed_like(tensor, parameters[name.rpartition(".")[0]]) for name, tensor in moments.items()}
        restore_moments(self.optimizer, self.lm, placed)

    def step(self, batch: Batch, lr: float) -> StepResult:
        """Forward, backward, clip, update. Collective; each rank is given the whole batch.

        The loss is the sum over targets divided by the number of targets in the whole batch, so that cutting the
        batch into micro-batches or among ranks changes no gradient. Clipping goes by the whole gradient's norm.
        """
        set_learning_rate(self.optimizer, lr)
        num_targets = max(1, batch.num_loss_tokens)
        sums = torch.zeros(self.num_sources, dtype=torch.float64, device=self.accelerator.device)
        first = self.rank * self.num_rows
        starts = range(first, first + self.num_rows, self.rows_at_once)
        for start in starts:
            with reducing(self.objective, is_last=start == starts[-1]):
                sums += self._accumulate(batch, slice(start, start + self.rows_at_once), num_targets)
        norm = self.accelerator.clip_grad_norm_(self.lm.parameters(), self.clip)
        assert norm is not None
        self.optimizer.step()
        self.optimizer.zero_grad()
        sums = cast(Tensor, self.accelerator.reduce(sums, "sum"))
        return StepResult(sums.sum() / num_targets, sums, whole(norm))

    def rehearse(self, batch: Batch, rows: int) -> None:
        """Forward and backward over the first rows, for nothing: to see whether they fit in memory."""
        self.optimizer.zero_grad()
        self._accumulate(batch, slice(0, rows), 1)
        self.optimizer.zero_grad()

    def _accumulate(self, batch: Batch, rows: slice, num_targets: int) -> Tensor:
        """Add one micro-batch's gradient; return the summed losses of each source, float64 (C,)."""
        inputs = to_inputs(batch, rows, self.accelerator.device, static=self.training.compile)
        losses_n = self.objective(*inputs[:-1])
        # Ranks average their gradients, where the whole batch's is their sum.
        self.accelerator.backward(losses_n.sum() * self.num_ranks / num_targets)
        sums = torch.zeros(self.num_sources, dtype=torch.float64, device=losses_n.device)
        return sums.index_add_(0, inputs.sources_n, losses_n.detach().double())
