"""AdamW, or Muon beside AdamW, on a model's named parameters; and their moments as named tensors on disk.

Decoupled weight decay (Loshchilov and Hutter 2019) on matrices only, as in GPT-3 and nanoGPT. Muon (Jordan et al.
2024) steps along the orthogonalised momentum of the hidden matrices, scaled by 0.2 sqrt(longer side) so that an update
is as large as AdamW's and learning rate and weight decay mean the same (Liu et al. 2025, "Muon is scalable for LLM
training", section 2.2); embeddings, output head, norms and convolution kernels stay with AdamW.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from transformers import PreTrainedModel

from pipeline.core.errors import UserError
from pipeline.lm.config import Optimizer
from pipeline.lm.training.muon import BatchedMuon

_FIRST_MOMENTS = {"exp_avg": "adamw", "momentum_buffer": "muon"}


class MuonWithAdamW(torch.optim.Optimizer):
    """Two optimizers as one, with one state and one list of groups; a group's `kind` says which of them trains it."""

    def __init__(self, muon: BatchedMuon, adamw: AdamW) -> None:
        """Join two optimizers over different parameters."""
        self._parts: dict[str, torch.optim.Optimizer] = {"muon": muon, "adamw": adamw}
        groups = [group | {"kind": kind} for kind, part in self._parts.items() for group in part.param_groups]
        super().__init__(groups, {})

    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Let each part step on its groups."""
        assert closure is None, "a loss is never evaluated twice here"
        for kind, part in self._parts.items():
            part.state = self.state
            part.param_groups = [group for group in self.param_groups if group["kind"] == kind]
            part.step()


def make_optimizer(model: PreTrainedModel, config: Optimizer) -> torch.optim.Optimizer:
    """The optimizer over all of a model's parameters; AdamW is fused, which is the fastest on a CPU too."""
    parameters = dict(model.named_parameters())
    if config.kind == "adamw":
        return _adamw(list(parameters.values()), config, 1.0)
    hidden = hidden_matrices(model)
    others = [parameter for name, parameter in parameters.items() if name not in hidden]
    muon = BatchedMuon(
        [{"params": list(hidden.values()), "rate": 1.0}],
        lr=config.lr,
        weight_decay=config.weight_decay,
        momentum=config.momentum,
        adjust_lr_fn="match_rms_adamw",
    )
    return MuonWithAdamW(muon, _adamw(others, config, config.adamw_rate))


def _adamw(parameters: list[nn.Parameter], config: Optimizer, rate: float) -> AdamW:
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay, "rate": rate},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0, "rate": rate},
    ]
    return AdamW(groups, lr=config.lr * rate, betas=config.betas, eps=config.eps, fused=True)


def hidden_matrices(model: PreTrainedModel) -> dict[str, nn.Parameter]:
    """What Muon trains, by name: 2-axis weights that are neither an embedding nor the output head."""
    ends = {id(end.weight) for end in (model.get_input_embeddings(), model.get_output_embeddings()) if end}
    return {name: p for name, p in model.named_parameters() if p.ndim == 2 and id(p) not in ends}


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group this learning rate, times its own `rate`."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["rate"]


def moments(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """The optimizer's state as `<parameter>.<kind>`; empty before the first step.

    Kinds: exp_avg, exp_avg_sq and step of AdamW, momentum_buffer of Muon.
    """
    return {
        f"{name}.{kind}": tensor
        for name, parameter in model.named_parameters()
        for kind, tensor in optimizer.state[parameter].items()
    }


def restore_moments(optimizer: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `moments` gave. The optimizer must be one of `make_optimizer` over an equal model."""
    states: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, kind = key.rpartition(".")
        states.setdefault(name, {})[kind] = tensor
    parameters = dict(model.named_parameters())
    assert not states or states.keys() == parameters.keys(), "optimizer state of another model"
    for name, state in states.items():
        optimizer.state[parameters[name]] = state


def check_moments(tensors: Mapping[str, Tensor], model: PreTrainedModel, config: Optimizer, where: str) -> None:
    """Raise UserError where a former phase's moments are of another model, or of another optimizer than asked for."""
    found = {name: (_FIRST_MOMENTS[kind], tensor.shape) for name, kind, tensor in _first_moments(tensors)}
    hidden = hidden_matrices(model) if config.kind == "muon" else {}
    wanted = {name: ("muon" if name in hidden else "adamw", p.shape) for name, p in model.named_parameters()}
    if {name: shape for name, (_, shape) in found.items()} != {name: shape for name, (_, shape) in wanted.items()}:
        raise UserError(f"{where} holds the optimizer state of another model; give the phase that trained this one")
    if found != wanted:
        trained = "muon" if config.kind == "adamw" else "adamw"
        raise UserError(
            f"{where} was trained with optimizer.kind={trained} and this phase asks for {config.kind}; "
            f"give optimizer.kind={trained}, or train the phase before with {config.kind} too"
        )


def _first_moments(tensors: Mapping[str, Tensor]) -> list[tuple[str, str, Tensor]]:
    """(parameter, kind, tensor) of each parameter's first moment."""
    split = [(*key.rpartition(".")[::2], tensor) for key, tensor in tensors.items()]
    return [(name, kind, tensor) for name, kind, tensor in split if kind in _FIRST_MOMENTS]
