"""The forward pass of Llama-like models and of LFM2 in few operations, for generation.

A small model's step is mostly overhead in transformers' modules; here it is the matrix products and little
else. The mathematics is transformers' own, weight by weight; a test holds the answers equal. When prompts are
read, the last layer is computed for their last token only.

Suffixes: r = rows, t = tokens a row, d = model dimension, h = heads, k = heads of keys and values, g = h / k,
e = size of a head, s = columns of the cache, l = taps of a convolution.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Cache, PreTrainedModel

from pipeline.lm.generation.quick_layers import Attention, Convolution, Map, Now, feed_forward, linear, norm_of

_ROPES = ("default", "linear", "llama3", "yarn")  # those whose angles do not depend on the length of the text
_KNOWN = ("LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Lfm2ForCausalLM")


class Quick:
    """A model of a known kind; a `forward.Forward`."""

    def __init__(self, model: PreTrainedModel, num_positions: int) -> None:
        base = cast(Any, model).model
        self.embedding: Tensor = base.embed_tokens.weight
        self.norm = norm_of(getattr(base, "norm", None) or base.embedding_norm)
        self.head = linear(cast(Any, model).lm_head)
        self.layers = [_layer(layer, number) for number, layer in enumerate(base.layers)]
        positions = torch.arange(num_positions, device=model.device)
        cos, sin = base.rotary_emb(self.embedding[:1, None], positions[None])
        half = sin.shape[-1] // 2
        self.cos, self.sin = cos[0], torch.cat((-sin[0, :, :half], sin[0, :, half:]), -1)  # (positions, E)

    @staticmethod
    def knows(model: PreTrainedModel) -> bool:
        """Whether every part of the model is one that this pass computes."""
        config: Any = model.config
        if type(model).__name__ not in _KNOWN or config._attn_implementation != "sdpa":
            return False
        layer_types = getattr(config, "layer_types", None) or ["full_attention"]
        return (
            set(layer_types) <= {"full_attention", "conv"}
            and getattr(config, "hidden_act", "silu") == "silu"
            and not getattr(config, "conv_bias", False)
            and (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default") in _ROPES
            and all(type(module) is nn.Linear for module in model.modules() if isinstance(module, nn.Linear))
        )

    def __call__(self, ids_rt: Tensor, mask: Tensor | None, positions_rt: Tensor, cache: Cache) -> Tensor:
        """See `forward.Forward`."""
        is_reading = ids_rt.shape[1] > 1 or mask is None or mask.ndim == 2
        x_rtd = functional.embedding(ids_rt, self.embedding)
        now = Now(
            self.cos[positions_rt][:, :, None],
            self.sin[positions_rt][:, :, None],
            mask if is_reading else None,
            _reading_mask(mask) if is_reading else _bias(mask, x_rtd.dtype),
            cache,
        )
        last = len(self.layers) - 1
        for number, (mix, feed) in enumerate(self.layers):
            x_rtd = mix(x_rtd, now, is_reading, is_reading and number == last)
            x_rtd = x_rtd + feed(x_rtd)
        return self.head(self.norm(x_rtd[:, -1]))


def _layer(layer: Any, number: int) -> tuple[Any, Map]:
    """What mixes tokens, and what works on each alone."""
    if hasattr(layer, "mlp"):
        mlp = layer.mlp
        feed = feed_forward(layer.post_attention_layernorm, mlp.gate_proj, mlp.up_proj, mlp.down_proj)
        return Attention(norm_of(layer.input_layernorm), layer.self_attn, number), feed
    mlp = layer.feed_forward
    feed = feed_forward(layer.ffn_norm, mlp.w1, mlp.w3, mlp.w2)
    norm = norm_of(layer.operator_norm)
    mix = (
        Attention(norm, layer.self_attn, number) if layer.is_attention_layer else Convolution(norm, layer.conv, number)
    )
    return mix, feed


def _bias(mask_r11s: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    if mask_r11s is None:
        return None
    return torch.zeros_like(mask_r11s, dtype=dtype).masked_fill_(~mask_r11s, torch.finfo(dtype).min)


def _reading_mask(padding_rt: Tensor | None) -> Tensor | None:
    """Bool (R, 1, T, T): what each token sees; padding sees itself, so that no number is undefined."""
    if padding_rt is None:
        return None
    num_tokens = padding_rt.shape[1]
    causal_tt = torch.ones(num_tokens, num_tokens, dtype=torch.bool, device=padding_rt.device).tril()
    own_tt = torch.eye(num_tokens, dtype=torch.bool, device=padding_rt.device)
    return (causal_tt & padding_rt[:, None, None]) | own_tt
