"""Stops a run whose loss or gradient is no longer a number, and says where it happened.

Values stay on the device until they are asked for: one synchronisation per check, none per step.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.lm.batch import Counts, Position


class _Step(NamedTuple):
    step: int
    loss: Tensor
    gradient_norm: Tensor
    counts: Counts
    position: Position  # of the batch, in the token stream


class Guard:
    """Watches the steps since the last check."""

    def __init__(self, plan: MixPlan) -> None:
        self._plan = plan
        self._unchecked: list[_Step] = []
        self._last_norm = 0.0

    def watch(self, step: int, loss: Tensor, gradient_norm: Tensor, counts: Counts, position: Position) -> None:
        """Remember a step's loss and gradient norm (both scalars on the device)."""
        self._unchecked.append(_Step(step, loss.detach(), gradient_norm.detach(), counts, position))

    def check(self) -> float:
        """The last step's gradient norm. Raises UserError for the first step that was not finite."""
        if not self._unchecked:
            return self._last_norm
        values = torch.stack([torch.stack([step.loss, step.gradient_norm]) for step in self._unchecked])
        is_finite = values.isfinite().all(dim=1).tolist()
        if not all(is_finite):
            first = is_finite.index(False)
            raise UserError(self._complaint(self._unchecked[first], *values[first].tolist()))
        self._unchecked.clear()
        self._last_norm = float(values[-1, 1])
        return self._last_norm

    def _complaint(self, bad: _Step, loss: float, gradient_norm: float) -> str:
        names = [source.corpus for source in self._plan.sources]
        held = ", ".join(f"{name} {tokens}" for name, tokens in zip(names, bad.counts.tokens.tolist(), strict=True))
        return (
            f"step {bad.step}: loss {loss}, gradient norm {gradient_norm}; its batch held tokens of {held} "
            f"(block {bad.position.block}, row {bad.position.row} of the stream); "
            "lower optimizer.lr or optimizer.clip; the last good restart point is kept"
        )
