"""Model FLOPs of training, by a stated formula.

Per token, forward and backward: 6 W + 12 L H D T (Chowdhery et al. 2022, "PaLM", appendix B), where W counts the
weights that take part in a matrix multiplication: all matrices, the output head included (also where it is
tied to the embedding), the input embedding not, since a look-up multiplies nothing. The second term is attention's
queries x keys and weights x values over L layers, H heads of size D and rows of T tokens: the whole T x T, as kernels
compute it, masked or not. Recomputation is not counted.
"""

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

_PASSES = 3  # a backward pass takes twice the multiplications of the forward


def flops_per_token(lm: PreTrainedModel, sequence_length: int) -> float:
    """FLOPs to train on one position (padding costs as much as text) of a row of `sequence_length` tokens."""
    config = lm.config
    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    attention = 4 * config.num_hidden_layers * heads * head_dim * sequence_length
    return float(_PASSES * (2 * num_matmul_weights(lm) + attention))


def num_matmul_weights(lm: PreTrainedModel) -> int:
    """Weights that take part in a matrix multiplication."""
    matrices = sum(p.numel() for p in lm.parameters() if p.ndim >= 2)  # a tied head and embedding come once
    if lm.config.tie_word_embeddings:
        return matrices
    return matrices - lm.config.vocab_size * lm.config.hidden_size


def weightless(config: PreTrainedConfig) -> PreTrainedModel:
    """A model of shapes only, of any size in no memory: to count its parameters and FLOPs before it is built."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)
