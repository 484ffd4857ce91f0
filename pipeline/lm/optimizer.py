"""AdamW on a model's named parameters, and its moments as named tensors on disk.

Decoupled weight decay (Loshchilov and Hutter 2019) on matrices only, as in GPT-3 and nanoGPT.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from pipeline.lm.config import Optimizer


def make_optimizer(model: nn.Module, config: Optimizer) -> AdamW:
    """AdamW over all of a model's parameters; fused, which is the fastest on a CPU too."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=config.lr, betas=config.betas, eps=config.eps, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def moments(optimizer: AdamW, model: nn.Module) -> dict[str, Tensor]:
    """The optimizer's state as `<parameter>.<exp_avg | exp_avg_sq | step>`; empty before the first step."""
    return {
        f"{name}.{kind}": tensor
        for name, parameter in model.named_parameters()
        for kind, tensor in optimizer.state[parameter].items()
    }


def restore_moments(optimizer: AdamW, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `moments` gave. The optimizer must be one of `make_optimizer` over an equal model."""
    states: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, kind = key.rpartition(".")
        states.setdefault(name, {})[kind] = tensor
    parameters = dict(model.named_parameters())
    assert not states or states.keys() == parameters.keys(), "optimizer state of another model"
    for name, state in states.items():
        optimizer.state[parameters[name]] = state
