"""Stops a run whose loss or gradient is no longer a number, notices loss spikes, and names the documents behind both.

Values stay on the device until they are asked for: one synchronisation per check, none per step.
"""

from collections.abc import Iterable
from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.core.errors import UserError
from pipeline.lm.training.batch import Position
from pipeline.lm.training.culprits import Culprits
from pipeline.lm.training.spikes import Spike, SpikeWatch


class Watched(NamedTuple):
    """A step that was not looked at yet."""

    step: int
    loss: Tensor  # scalars on the device, as the next one
    gradient_norm: Tensor
    has_targets: bool  # a batch without any has no loss to judge
    position: Position  # of the batch, in the token stream
    budget_left: int  # before the batch


class Guard:
    """Watches the steps since the last check."""

    def __init__(self, culprits: Culprits, losses: Iterable[float] = ()) -> None:
        """losses: of the batches before, for the spikes (`SpikeWatch.recent`)."""
        self._culprits = culprits
        self._spikes = SpikeWatch(losses)
        self._unchecked: list[Watched] = []
        self.gradient_norm = 0.0  # of the last step that was checked

    @property
    def losses(self) -> Tensor:
        """Of the last batches that were checked, float64 (at most `spikes.WINDOW`,): for a restart point."""
        return torch.tensor(self._spikes.recent, dtype=torch.float64)

    def watch(self, step: Watched) -> None:
        """Remember a step."""
        self._unchecked.append(step)

    def check(self) -> list[tuple[Spike, str]]:
        """The spikes since the last check, each with its documents in words.

        Raises UserError for the first step that was not finite.
        """
        if not self._unchecked:
            return []
        values = torch.stack([torch.stack([step.loss, step.gradient_norm]) for step in self._unchecked])
        found: list[tuple[Spike, str]] = []
        for step, (loss, gradient_norm) in zip(self._unchecked, values.tolist(), strict=True):
            if not (isfinite(loss) and isfinite(gradient_norm)):
                raise UserError(self._complaint(step, loss, gradient_norm))
            if step.has_targets and (spike := self._spikes.judge(step.step, loss)):
                found.append((spike, self._culprits.name(step.position, step.budget_left)))
            self.gradient_norm = gradient_norm
        self._unchecked.clear()
        return found

    def _complaint(self, bad: Watched, loss: float, gradient_norm: float) -> str:
        return (
            f"step {bad.step}: loss {loss}, gradient norm {gradient_norm}; its documents: "
            f"{self._culprits.name(bad.position, bad.budget_left)} (block {bad.position.block}, row {bad.position.row} "
            "of the stream); look at these, or lower optimizer.lr or optimizer.clip; "
            "the last good restart point is kept"
        )
