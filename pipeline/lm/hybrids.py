"""What is particular to each hybrid that may be trained: its kinds of layers, its defaults, what of it is refused.

lfm2: short convolutions and attention (Liquid AI, LFM2). nemotron_h: Mamba-2, attention and MLP layers one by one
(NVIDIA, Nemotron-H, arXiv 2504.03624), the kind of the paper's 8B model.
"""

from collections.abc import Mapping
from typing import Any

LAYERS = {
    "lfm2": ("conv", "full_attention"),
    "nemotron_h": ("linear_attention", "full_attention", "mlp"),
}
PATTERN = "extra.hybrid_override_pattern"


def defaults(model_type: str, hidden_size: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Where transformers' own default would make our words mean something else, or fit one size only."""
    if model_type == "lfm2":
        return {"block_auto_adjust_ff_dim": False}  # else `intermediate_size` is cut to two thirds and rounded
    if model_type == "nemotron_h":
        return {"mamba_num_heads": _num_mamba_heads(hidden_size, extra)}
    return {}


def check(model_type: str, num_hidden_layers: int, hidden_size: int, is_tied: bool, extra: Mapping[str, Any]) -> None:
    """Raise ValueError where a hybrid cannot be built, trained on packed rows or asked as it is described."""
    if model_type == "lfm2":
        _check_lfm2(num_hidden_layers, extra)
    if model_type == "nemotron_h":
        _check_nemotron_h(num_hidden_layers, hidden_size, is_tied, extra)


def _check_lfm2(num_hidden_layers: int, extra: Mapping[str, Any]) -> None:
    attending = extra.get("full_attn_idxs")
    if "layer_types" in extra or not isinstance(attending, list) or not attending:
        raise ValueError("an lfm2 needs extra.full_attn_idxs: the layers that attend, counted from 0, such as [1, 3]")
    if not all(isinstance(index, int) and 0 <= index < num_hidden_layers for index in attending):
        raise ValueError(
            f"extra.full_attn_idxs {attending} do not fit num_hidden_layers {num_hidden_layers}; change one"
        )
    if extra.get("conv_bias"):
        raise ValueError("extra.conv_bias=true lets padding into short prompts at generation; leave it out")


def _check_nemotron_h(num_hidden_layers: int, hidden_size: int, is_tied: bool, extra: Mapping[str, Any]) -> None:
    pattern = extra.get("hybrid_override_pattern")
    if not isinstance(pattern, str) or not set(pattern) <= set("M-*") or "*" not in pattern:
        raise ValueError(
            f"a nemotron_h needs {PATTERN}: a letter a layer, M (Mamba-2), - (MLP), * (attention; one at least)"
        )
    if len(pattern) != num_hidden_layers:
        raise ValueError(f"{PATTERN} {pattern!r} names {len(pattern)} layers, num_hidden_layers is {num_hidden_layers}")
    if is_tied:
        raise ValueError("transformers' nemotron_h does not tie embeddings; give model.tie_word_embeddings=false")
    heads, groups = _num_mamba_heads(hidden_size, extra), extra.get("n_groups", 8)
    if heads < 1 or heads % groups:
        raise ValueError(
            f"{heads} Mamba-2 heads are no multiple of n_groups {groups}; give extra.n_groups or mamba_head_dim"
        )


def _num_mamba_heads(hidden_size: int, extra: Mapping[str, Any]) -> int:
    """As many as make the inner width twice the outer, as in Mamba-2, unless said otherwise."""
    return int(extra.get("mamba_num_heads", 2 * hidden_size // extra.get("mamba_head_dim", 64)))
