"""The layers of `quick`: attention, LFM2's short convolution, and what works on each token alone.

Suffixes: r = rows, t = tokens a row, d = model dimension, h = heads, k = heads of keys and values, g = h / k,
e = size of a head, s = columns of the cache, l = taps of a convolution.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Cache
from transformers.cache_utils import DynamicLayer, LinearAttentionLayer

Map = Callable[[Tensor], Tensor]


class Now(NamedTuple):
    """What the layers of one pass share."""

    cos_rt1e: Tensor
    sin_rt1e: Tensor  # negative in the first half, so that rotating needs no sign
    padding_rt: Tensor | None  # bool, False on padding; when prompts are read
    bias: Tensor | None  # added to attention's scores: (R, 1, 1, S), or bool (R, 1, T, T) when prompts are read
    cache: Cache


class Attention:
    """A layer's attention with its norm and the sum."""

    def __init__(self, norm: Map, attention: Any, number: int) -> None:
        self.norm, self.number, self.head_dim = norm, number, attention.head_dim
        self.q, self.k, self.v = (linear(getattr(attention, f"{name}_proj")) for name in "qkv")
        self.out = linear(getattr(attention, "o_proj", None) or attention.out_proj)
        self.q_norm, self.k_norm = (
            norm_of(getattr(attention, f"{name}_norm", None) or getattr(attention, f"{name}_layernorm", None))
            for name in "qk"
        )
        self.scaling = attention.scaling

    def __call__(self, x_rtd: Tensor, now: Now, is_reading: bool, is_last: bool) -> Tensor:
        """The rows with what attention adds; of the last token only where `is_last`."""
        rows, tokens, _ = x_rtd.shape
        h_rtd = self.norm(x_rtd)
        k_rtke = _rotated(self.k_norm(self.k(h_rtd).view(rows, tokens, -1, self.head_dim)), now.cos_rt1e, now.sin_rt1e)
        v_rtke = self.v(h_rtd).view(rows, tokens, -1, self.head_dim)
        layer = cast(DynamicLayer, now.cache.layers[self.number])
        k_rkse, v_rkse = layer.update(k_rtke.transpose(1, 2), v_rtke.transpose(1, 2))
        if is_last:
            x_rtd, h_rtd = x_rtd[:, -1:], h_rtd[:, -1:]
        asking = h_rtd.shape[1]
        q_rthe = self.q_norm(self.q(h_rtd).view(rows, asking, -1, self.head_dim))
        q_rthe = _rotated(q_rthe, now.cos_rt1e[:, -asking:], now.sin_rt1e[:, -asking:])
        attend = self._read if is_reading else self._step
        return x_rtd + self.out(attend(q_rthe, k_rkse, v_rkse, now.bias))

    def _step(self, q_r1he: Tensor, k_rkse: Tensor, v_rkse: Tensor, bias_r11s: Tensor | None) -> Tensor:
        """One token a row. Quicker than the fused kernel, which is made for many."""
        assert bias_r11s is not None
        rows, _, heads, size = q_r1he.shape
        q_rkge = (q_r1he * self.scaling).view(rows, k_rkse.shape[1], -1, size)
        scores_rkgs = torch.matmul(q_rkge, k_rkse.transpose(2, 3)).add_(bias_r11s)
        return torch.matmul(scores_rkgs.softmax(-1), v_rkse).view(rows, 1, heads * size)

    def _read(self, q_rthe: Tensor, k_rkte: Tensor, v_rkte: Tensor, mask_r1tt: Tensor | None) -> Tensor:
        rows, asking, heads, size = q_rthe.shape
        groups = heads // k_rkte.shape[1]
        if groups > 1:
            k_rkte, v_rkte = k_rkte.repeat_interleave(groups, 1), v_rkte.repeat_interleave(groups, 1)
        out_rhte = functional.scaled_dot_product_attention(
            q_rthe.transpose(1, 2),
            k_rkte,
            v_rkte,
            attn_mask=None if mask_r1tt is None else mask_r1tt[:, :, -asking:],
            is_causal=mask_r1tt is None and asking > 1,
            scale=self.scaling,
        )
        return out_rhte.transpose(1, 2).reshape(rows, asking, heads * size)


class Convolution:
    """LFM2's gated short convolution with its norm and the sum."""

    def __init__(self, norm: Map, convolution: Any, number: int) -> None:
        self.norm, self.number = norm, number
        self.into, self.out = linear(convolution.in_proj), linear(convolution.out_proj)
        self.taps_dl: Tensor = convolution.conv.weight.squeeze(1)

    def __call__(self, x_rtd: Tensor, now: Now, is_reading: bool, is_last: bool) -> Tensor:
        """The rows with what the convolution adds; of the last token only where `is_last`."""
        h_rtd = self.norm(x_rtd)
        if now.padding_rt is not None:
            h_rtd = h_rtd * now.padding_rt[:, :, None]
        gate_rtd, out_rtd, v_rtd = self.into(h_rtd).chunk(3, -1)
        layer = cast(LinearAttentionLayer, now.cache.layers[self.number])
        mixed_rtd = self._read(gate_rtd * v_rtd, layer) if is_reading else self._step(gate_rtd * v_rtd, layer)
        if is_last:
            x_rtd, out_rtd, mixed_rtd = x_rtd[:, -1:], out_rtd[:, -1:], mixed_rtd[:, -1:]
        return x_rtd + self.out(out_rtd * mixed_rtd)

    def _step(self, v_r1d: Tensor, layer: LinearAttentionLayer) -> Tensor:
        state_rdl = layer.conv_states[0]
        assert state_rdl is not None
        state_rdl = torch.cat((state_rdl[:, :, 1:], v_r1d.transpose(1, 2)), -1)
        layer.conv_states[0] = state_rdl
        return (state_rdl * self.taps_dl).sum(-1)[:, None]

    def _read(self, v_rtd: Tensor, layer: LinearAttentionLayer) -> Tensor:
        num_taps, num_tokens = self.taps_dl.shape[1], v_rtd.shape[1]
        layer.update_conv_state(v_rtd.transpose(1, 2), conv_kernel_size=num_taps)
        padded = functional.pad(v_rtd, (0, 0, num_taps - 1, 0))
        taps = (padded[:, tap : tap + num_tokens] * self.taps_dl[:, tap] for tap in range(num_taps))
        return cast(Tensor, sum(taps))


def feed_forward(norm: Any, gate: Any, up: Any, down: Any) -> Map:
    """A gated MLP (SwiGLU) behind its norm."""
    norm, gate, up, down = norm_of(norm), linear(gate), linear(up), linear(down)

    def feed(x_rtd: Tensor) -> Tensor:
        h_rtd = norm(x_rtd)
        return down(functional.silu(gate(h_rtd)).mul_(up(h_rtd)))

    return feed


def linear(module: nn.Linear) -> Map:
    """The matrix product, and the bias where there is one."""
    return partial(functional.linear, weight=module.weight, bias=module.bias)


def norm_of(module: Any) -> Map:
    """Root-mean-square norm; nothing where the model has none."""
    if module is None:
        return _as_it_is
    return partial(
        functional.rms_norm, normalized_shape=module.weight.shape, weight=module.weight, eps=module.variance_epsilon
    )


def _as_it_is(x: Tensor) -> Tensor:
    return x


def _rotated(x_rthe: Tensor, cos_rt1e: Tensor, sin_rt1e: Tensor) -> Tensor:
    return torch.addcmul(x_rthe * cos_rt1e, x_rthe.roll(x_rthe.shape[-1] // 2, -1), sin_rt1e)
