"""Attention that never crosses documents: the mask of a packed row, and how attention is computed in bf16.

The mask goes to stock transformers models as the ready-made 4-axis mask that they accept. In fp32 the stock
`sdpa` serves. In bf16 on a CPU the stock kernel's backward takes half of a training step, so that queries,
keys and values are raised to fp32 there, and only there.

Suffixes: b = rows, t = tokens a row (s: as keys), h = heads, d = size of a head.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

FP32_ATTENTION = "frontload_fp32"
_LONGEST_EXPLICIT = 512  # tokens; in longer rows the t x t weights cost more than the flash kernel saves


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
    """Make `FP32_ATTENTION` known to transformers as an `attn_implementation`."""
    AttentionInterface.register(FP32_ATTENTION, _fp32_attention)
    AttentionMaskInterface.register(FP32_ATTENTION, sdpa_mask)


def _fp32_attention(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    *,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention in fp32 whatever the inputs' type. query (B, H, T, D); returns (B, T, H, D) in the query's type."""
    groups = query.shape[1] // key.shape[1]
    query_bhtd, key_bhsd, value_bhsd = query.float(), key.float(), value.float()
    key_bhsd, value_bhsd = (x.repeat_interleave(groups, dim=1) for x in (key_bhsd, value_bhsd))
    with torch.autocast(query.device.type, enabled=False):
        if query.shape[2] <= _LONGEST_EXPLICIT:
            out_bhtd = _explicit(query_bhtd * scaling, key_bhsd, value_bhsd, attention_mask)
        else:
            out_bhtd = scaled_dot_product_attention(query_bhtd, key_bhsd, value_bhsd, attention_mask, scale=scaling)
    return out_bhtd.transpose(1, 2).to(query.dtype).contiguous(), None


def _explicit(query_bhtd: Tensor, key_bhsd: Tensor, value_bhsd: Tensor, mask_b1ts: Tensor) -> Tensor:
    """Softmax attention spelt out: for short rows the compiler makes it faster than the flash kernel."""
    scores_bhts = (query_bhtd @ key_bhsd.transpose(-1, -2)).masked_fill(~mask_b1ts, float("-inf"))
    return scores_bhts.softmax(-1) @ value_bhsd
