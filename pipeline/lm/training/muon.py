"""Muon with the matrices of one shape orthogonalised together, in as few and as large products as memory allows.

torch 2.13's own goes matrix by matrix, which was a third of a step of the tunnel's model: its matrices are small and
many. Here their Newton-Schulz iterations (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) run as
batched products, and a tall matrix is multiplied from its right instead of being turned over. Formulas, state, settings
and precision (bf16) are torch's; so are the results, but for the order of a sum.

Suffixes: m = matrices of a batch, r = rows, c = columns.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim import Muon

_MOST = 2**24  # elements at once: beyond it a product fills the machine by itself


class BatchedMuon(Muon):
    """`torch.optim.Muon`; with `match_rms_adamw`, Nesterov momentum, and parameters of two axes."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every parameter that has a gradient. Those that lie on several ranks are left to torch's own step."""
        assert closure is None, "a loss is never evaluated twice here"
        if any(isinstance(parameter, DTensor) for group in self.param_groups for parameter in group["params"]):
            super().step()
            return
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            _update(parameters, [self._momentum(parameter) for parameter in parameters], group)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        return state["momentum_buffer"]


def _update(parameters: list[Tensor], momenta: list[Tensor], group: dict[str, Any]) -> None:
    """One step of some parameters along their orthogonalised momentum."""
    if not parameters:
        return
    lists: Any = torch  # whose functions on lists of tensors are private, as all of torch's optimizers call them
    gradients = [parameter.grad for parameter in parameters]
    lists._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
    updates: list[Tensor] = lists._foreach_lerp(gradients, momenta, group["momentum"])
    lists._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
    for places in _batches(updates):
        updates_mrc = torch.stack([updates[place] for place in places])
        directions_mrc = orthogonalise(updates_mrc, group["ns_coefficients"], group["ns_steps"], group["eps"])
        size = group["lr"] * 0.2 * max(directions_mrc.shape[1:]) ** 0.5
        for place, direction in zip(places, directions_mrc, strict=True):
            parameters[place].add_(direction, alpha=-size)


def _batches(matrices: Sequence[Tensor]) -> Iterator[list[int]]:
    """Places of matrices of one shape, at most `_MOST` elements of them at once."""
    by_shape: dict[torch.Size, list[int]] = {}
    for place, matrix in enumerate(matrices):
        by_shape.setdefault(matrix.shape, []).append(place)
    for shape, places in by_shape.items():
        most = max(1, _MOST // shape.numel())
        for start in range(0, len(places), most):
            yield places[start : start + most]


def orthogonalise(matrices_mrc: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """About U V^T of each matrix U S V^T, in bf16, by Newton-Schulz: X <- a X + (b X X^T + c (X X^T)^2) X.

    A tall matrix takes X <- a X + X (b X^T X + c (X^T X)^2), which is the same and keeps the products small.
    """
    a, b, c = coefficients
    x_mrc = matrices_mrc.bfloat16()
    x_mrc = x_mrc / x_mrc.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    is_tall = x_mrc.shape[1] > x_mrc.shape[2]
    for _ in range(steps):
        gram_mss = x_mrc.mT @ x_mrc if is_tall else x_mrc @ x_mrc.mT  # s: the shorter side
        change_mss = torch.baddbmm(gram_mss, gram_mss, gram_mss, beta=b, alpha=c)
        factors = (x_mrc, change_mss) if is_tall else (change_mss, x_mrc)
        x_mrc = torch.baddbmm(x_mrc, *factors, beta=a)
    return x_mrc
