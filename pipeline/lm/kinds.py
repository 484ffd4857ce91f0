"""Which of transformers' model types train on packed rows, and heads that can be built."""

from pipeline.lm import hybrids

# Held by a test: a packed row equals its documents alone. In the dense ones every layer obeys the 4-axis mask; hybrids
# also have layers that mix neighbours whatever it says (`isolation`).
DENSE_TYPES = ("llama", "olmo2", "qwen2", "qwen3", "smollm3")
MODEL_TYPES = (*DENSE_TYPES, *hybrids.LAYERS)


def check(model_type: str) -> None:
    """Raise ValueError for a model type whose layers are not known to keep packed documents apart."""
    if model_type not in MODEL_TYPES:
        raise ValueError(f"model_type {model_type!r} cannot be packed; use one of {', '.join(MODEL_TYPES)}")


def check_heads(hidden_size: int, num_heads: int, num_key_heads: int, *, has_head_dim: bool) -> None:
    """Raise ValueError where the heads do not share out the width, or the keys, evenly."""
    if hidden_size % num_heads and not has_head_dim:
        raise ValueError(
            f"hidden_size {hidden_size} is no multiple of num_attention_heads {num_heads}; "
            "change one, or give extra.head_dim"
        )
    if num_heads % num_key_heads:
        raise ValueError(
            f"num_attention_heads {num_heads} is no multiple of num_key_value_heads {num_key_heads}; change one"
        )
