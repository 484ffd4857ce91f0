"""Layers that mix neighbours without attention, taught to stop where a packed row's segment begins.

transformers hands `seq_idx` (the segment of each token) to the functions with which such layers mix tokens, for
the CUDA kernels of causal_conv1d and mamba_ssm; its own torch versions refuse it. Here those functions learn it: with
`seq_idx` they give what each segment would give alone, without it they are transformers' own. No layer, weight or
checkpoint changes.

Suffixes: b = rows, t = tokens a row, c = channels, k = taps.
"""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers.activations import ACT2FN

from pipeline.lm.models.mamba2 import mamba2_scan

_MODELLING = {
    "lfm2": "transformers.models.lfm2.modeling_lfm2",
    "nemotron_h": "transformers.models.nemotron_h.modeling_nemotron_h",
}
_IS_OURS = "_frontload_keeps_segments_apart"


def install(model_type: str) -> None:
    """Teach a model type's layers `seq_idx`, once in this process; nothing to do for one of attention only."""
    if model_type not in _MODELLING:
        return
    module = importlib.import_module(_MODELLING[model_type])
    for name, segmented in _SEGMENTED.items():
        original = getattr(module, name, None)
        if original is not None and not hasattr(original, _IS_OURS):
            setattr(module, name, _either(original, segmented))


def _either(original: Callable[..., Any], segmented: Callable[..., Any]) -> Callable[..., Any]:
    """The original function where no segments are given."""

    def choose(*args: Any, **kwargs: Any) -> Any:
        return (original if kwargs.get("seq_idx") is None else segmented)(*args, **kwargs)

    setattr(choose, _IS_OURS, True)
    return choose


def causal_conv1d(
    hidden_states: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: str | None = None,
    *,
    seq_idx: Tensor,
    **_: Any,
) -> Tensor:
    """Depthwise causal convolution that stops where a segment begins.

    out_t = bias + sum over k of weight_k x_(t-k) [segment_(t-k) = segment_t].

    hidden_states (B, C, T), weight (C, K) with the present token's tap last, bias (C,), seq_idx int (B, T).
    Returns (B, C, T) in the type of hidden_states.
    """
    out_bct = hidden_states * weight[:, -1, None]
    for back in range(1, min(weight.shape[1], hidden_states.shape[2])):
        is_same_bt = seq_idx[:, back:] == seq_idx[:, :-back]
        past_bct = torch.where(is_same_bt[:, None], hidden_states[:, :, :-back], 0)
        out_bct = out_bct + torch.nn.functional.pad(past_bct, (back, 0)) * weight[:, -1 - back, None]
    if bias is not None:
        out_bct = out_bct + bias[:, None]
    if activation is not None:
        out_bct = ACT2FN[activation](out_bct)
    return out_bct.to(hidden_states.dtype)


def _no_fused_kernel(*_: Any, **__: Any) -> None:
    """Nothing, upon which transformers goes through the two other functions."""


_SEGMENTED: dict[str, Callable[..., Any]] = {
    "causal_conv1d_fn": causal_conv1d,
    "mamba2_split_conv1d_scan_combined": _no_fused_kernel,
    "mamba2_chunk_scan": mamba2_scan,
}
