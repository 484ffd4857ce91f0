"""Attention that never crosses documents: the mask of a packed row, and how attention is computed in bf16.

The mask goes to stock transformers models as the ready-made 4-axis mask that they accept. In fp32 the stock
`sdpa` serves. In bf16 on a CPU the stock kernel's backward takes half of a training step. Short rows are spelt out
there: both products in bf16, as on a GPU, with sums and softmax in fp32, and a stretch of queries at a time, so that
keys after the stretch are not multiplied at all. Long rows go to the stock kernel in fp32.

Suffixes: b = rows, t = tokens a row (s: as keys), h = heads, k = heads of keys, d = size of a head.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

CPU_ATTENTION = "frontload_cpu"
_LONGEST_EXPLICIT = 512  # tokens; in longer rows the t x t weights cost more than the flash kernel saves
_STRETCH = 48  # queries at a time: fewer make products too small, more multiply what the mask takes away


def document_mask(segments_bt: Tensor) -> Tensor:
    """Who may look at whom: bool (B, 1, T, T), True where token t may see key s of its own segment, s <= t.

    segments_bt: int (B, T), -1 for padding, which sees itself only (a row of all False would give NaN).
    """
    place_t = torch.arange(segments_bt.shape[1], device=segments_bt.device)
    same_bts = segments_bt[:, :, None] == segments_bt[:, None, :]
    is_text_bts = (segments_bt >= 0)[:, None, :]
    is_past_ts = place_t[:, None] >= place_t[None, :]
    is_itself_ts = place_t[:, None] == place_t[None, :]
    return ((same_bts & is_past_ts & is_text_bts) | is_itself_ts)[:, None]


def register() -> None:
    """Make `CPU_ATTENTION` known to transformers as an `attn_implementation`."""
    AttentionInterface.register(CPU_ATTENTION, _cpu_attention)
    AttentionMaskInterface.register(CPU_ATTENTION, sdpa_mask)


def _cpu_attention(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    *,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention under `attention_mask` (B, 1, T, T). query (B, H, T, D), key and value (B, K, T, D).

    Returns (B, T, H, D) in the type of `value`: norms and rotations may have raised the others to fp32.
    """
    with torch.autocast(query.device.type, enabled=False):
        if query.shape[2] <= _LONGEST_EXPLICIT:
            out_bhtd = _explicit(query * scaling, key, value, attention_mask)
        else:
            out_bhtd = _flash(query, key, value, attention_mask, scaling)
    return out_bhtd.transpose(1, 2).to(value.dtype).contiguous(), None


def _explicit(query_bhtd: Tensor, key_bksd: Tensor, value_bksd: Tensor, mask_b1ts: Tensor) -> Tensor:
    """Softmax attention spelt out, which the compiler fuses: for short rows faster than the flash kernel."""
    num_tokens, kind = query_bhtd.shape[2], value_bksd.dtype
    query_bhtd, key_bksd = query_bhtd.to(kind), key_bksd.to(kind)
    stretches: list[Tensor] = []
    for start in range(0, num_tokens, _STRETCH):
        end = min(start + _STRETCH, num_tokens)
        mask_b1ls = mask_b1ts[:, :, start:end, :end]
        stretches.append(_stretch(query_bhtd[:, :, start:end], key_bksd[:, :, :end], value_bksd[:, :, :end], mask_b1ls))
    return torch.cat(stretches, dim=2)


def _stretch(query_bhld: Tensor, key_bksd: Tensor, value_bksd: Tensor, mask_b1ls: Tensor) -> Tensor:
    """Of some queries, l of them. Heads that share keys lie below each other in one product: no key is copied."""
    num_heads = key_bksd.shape[1]
    query_bkgld = query_bhld.unflatten(1, (num_heads, -1))
    scores_bkms = query_bkgld.flatten(2, 3) @ key_bksd.transpose(-1, -2)
    scores_bkgls = scores_bkms.float().unflatten(2, query_bkgld.shape[2:4])
    weights_bkgls = scores_bkgls.masked_fill(~mask_b1ls[:, :, None], float("-inf")).softmax(-1)
    out_bkmd = weights_bkgls.to(value_bksd.dtype).flatten(2, 3) @ value_bksd
    return out_bkmd.unflatten(2, query_bkgld.shape[2:4]).flatten(1, 2)


def _flash(query_bhtd: Tensor, key_bksd: Tensor, value_bksd: Tensor, mask_b1ts: Tensor, scaling: float) -> Tensor:
    """The stock kernel, in fp32."""
    groups = query_bhtd.shape[1] // key_bksd.shape[1]
    key_bhsd, value_bhsd = (x.float().repeat_interleave(groups, dim=1) for x in (key_bksd, value_bksd))
    return scaled_dot_product_attention(query_bhtd.float(), key_bhsd, value_bhsd, mask_b1ts, scale=scaling)
