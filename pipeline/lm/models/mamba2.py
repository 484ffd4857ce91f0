"""Mamba-2's scan over packed rows: the state of one segment never reaches the next.

The chunked form of the state-space recurrence (Dao and Gu 2024, "Transformers are SSMs", section 6): within a chunk
like attention, from chunk to chunk through states. Every decay between two tokens is taken as 0 where they lie in
different segments; segments are contiguous, so that equal numbers mean that no edge lies between. All in fp32.

Of the paper's letters C reads (a query), B writes (a key), x is written (a value).

Suffixes: b = rows, t = tokens a row, c = chunks, z = chunks as sources, l = places in a chunk, s = places as sources,
h = heads, g = groups that share B and C, r = heads of a group, p = size of a head, n = size of the state.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus


def mamba2_scan(  # noqa: PLR0913 - the arguments are those that transformers' layers give
    hidden_states: Tensor,
    dt: Tensor,
    A: Tensor,  # noqa: N803
    B: Tensor,  # noqa: N803
    C: Tensor,  # noqa: N803
    *,
    chunk_size: int,
    seq_idx: Tensor,
    D: Tensor,  # noqa: N803
    dt_bias: Tensor,
    dt_limit: tuple[float, float],
    return_final_states: bool = False,
    **_: Any,
) -> Tensor:
    """State-space layer within each segment: h_t = exp(dt A) h_(t-1) + dt B x_t, y_t = C h_t + D x_t.

    hidden_states (B, T, H, P), dt (B, T, H) before bias and softplus, A, D and dt_bias (H,), B and C (B, T, G, N),
    seq_idx int (B, T). Returns fp32 (B, T, H, P).
    """
    assert not return_final_states, "a packed row begins with no state and leaves none"
    num_tokens, num_groups = B.shape[1], B.shape[2]
    size = min(chunk_size, num_tokens)
    with torch.autocast(hidden_states.device.type, enabled=False):
        x_bthp = hidden_states.float()
        dt_bth = softplus(dt.float() + dt_bias.float()).clamp(*dt_limit)
        x_bcgrlp = _heads(_chunks(x_bthp * dt_bth[..., None], size), num_groups)
        decay_bcgrl = _heads(_chunks(dt_bth * A.float(), size)[..., None], num_groups).squeeze(-1)
        key_bcgln, query_bcgln = (_chunks(each.float(), size).transpose(2, 3) for each in (B, C))
        segments_bcl = _chunks(seq_idx, size, fill=-1)
        y_bcgrlp = _scan(x_bcgrlp, decay_bcgrl, key_bcgln, query_bcgln, segments_bcl)
        y_bthp = y_bcgrlp.permute(0, 1, 4, 2, 3, 5).flatten(3, 4).flatten(1, 2)[:, :num_tokens]
        return y_bthp + x_bthp * D.float()[:, None]


def _scan(
    x_bcgrlp: Tensor, decay_bcgrl: Tensor, key_bcgln: Tensor, query_bcgln: Tensor, segments_bcl: Tensor
) -> Tensor:
    """What each token reads from its own chunk, and from the state at the end of the chunk before."""
    same_bcls = segments_bcl[..., :, None] == segments_bcl[..., None, :]
    kept_bcgrls = _kept(decay_bcgrl, same_bcls[:, :, None, None])
    scores_bcgls = query_bcgln @ key_bcgln.transpose(-1, -2)
    inside_bcgrlp = (scores_bcgls[:, :, :, None] * kept_bcgrls) @ x_bcgrlp

    states_bcgrpn = (x_bcgrlp * kept_bcgrls[..., -1, :, None]).transpose(-1, -2) @ key_bcgln[:, :, :, None]
    last_bc = segments_bcl[..., -1]
    entering_bcgrpn = _entering(states_bcgrpn, decay_bcgrl.sum(-1), last_bc)
    is_continued_bcl = segments_bcl == pad(last_bc[:, :-1], (1, 0), value=-2)[..., None]
    since_bcgrl = _running_sum(decay_bcgrl[..., None]).squeeze(-1).exp() * is_continued_bcl[:, :, None, None]
    across_bcgrlp = query_bcgln[:, :, :, None] @ entering_bcgrpn.transpose(-1, -2) * since_bcgrl[..., None]
    return inside_bcgrlp + across_bcgrlp


def _entering(states_bcgrpn: Tensor, decay_bcgr: Tensor, last_bc: Tensor) -> Tensor:
    """The state with which each chunk begins: (B, C, G, R, P, N), 0 for the first."""
    same_bcz = last_bc[:, :, None] == last_bc[:, None]
    kept_bgrcz = _kept(decay_bcgr.permute(0, 2, 3, 1), same_bcz[:, None, None])
    ends_bgrcpn = (kept_bgrcz @ states_bcgrpn.permute(0, 2, 3, 1, 4, 5).flatten(4)).unflatten(
        4, states_bcgrpn.shape[4:]
    )
    ends_bcgrpn = ends_bgrcpn.permute(0, 3, 1, 2, 4, 5)
    return torch.cat([torch.zeros_like(ends_bcgrpn[:, :1]), ends_bcgrpn[:, :-1]], dim=1)


def _kept(decay_l: Tensor, same_ls: Tensor) -> Tensor:
    """What is left of place s at place l: exp of the decays after s up to l; 0 for s > l and across segments.

    decay_l (..., L); returns (..., L, L). Summed apart for each s, since differences of running sums would lose
    digits (Dao and Gu 2024, listing 1).
    """
    size = decay_l.shape[-1]
    is_past_ls = torch.ones(size, size, dtype=torch.bool, device=decay_l.device).tril()
    after_ls = decay_l[..., None].expand(*decay_l.shape, size).masked_fill(~is_past_ls.tril(-1), 0)
    return _running_sum(after_ls).masked_fill(~(is_past_ls & same_ls), float("-inf")).exp()


def _running_sum(values_ls: Tensor) -> Tensor:
    """Sums over the places up to each one: axis -2. torch refuses its own on a GPU where bits must not vary."""
    return _sum_by_product(values_ls) if values_ls.is_cuda else values_ls.cumsum(-2)


def _sum_by_product(values_ls: Tensor) -> Tensor:
    size = values_ls.shape[-2]
    return torch.ones(size, size, dtype=values_ls.dtype, device=values_ls.device).tril() @ values_ls


def _chunks(values_bt: Tensor, size: int, fill: int = 0) -> Tensor:
    """(B, T, ...) -> (B, C, L, ...), the last chunk filled up."""
    missing = -values_bt.shape[1] % size
    filled = pad(values_bt, (*[0, 0] * (values_bt.ndim - 2), 0, missing), value=fill)
    return filled.unflatten(1, (-1, size))


def _heads(values_bclhp: Tensor, num_groups: int) -> Tensor:
    """(B, C, L, H, P) -> (B, C, G, R, L, P)."""
    return values_bclhp.unflatten(3, (num_groups, -1)).permute(0, 1, 3, 4, 2, 5)
