"""Model FLOPs of training, by a stated formula.

Per token, forward and backward: 6 W + 12 L H D T (Chowdhery et al. 2022, "PaLM", appendix B), where W counts the
weights that take part in a multiplication with every token: all matrices and convolution kernels, the output head
included (also where it is tied to the embedding), the input embedding not, since a look-up multiplies nothing. The
second term is attention's queries x keys and weights x values over L layers that attend, H heads of size D and rows of
T tokens: the whole T x T, as kernels compute it, masked or not. Recomputation is not counted.

Each Mamba-2 layer adds 6 (Q (G N + M P) + 2 M P N + M P N T / Q^2) (Dao and Gu 2024, "Transformers are SSMs", section
6): within chunks of Q tokens what attention would do, with G groups of states of size N and M heads of size P; each
chunk's state written and read; and states passed from chunk to chunk. The last chunk counts as full.
"""

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

_PASSES = 3  # a backward pass takes twice the multiplications of the forward


def flops_per_token(lm: PreTrainedModel, sequence_length: int) -> float:
    """FLOPs to train on one position (padding costs as much as text) of a row of `sequence_length` tokens."""
    config = lm.config
    kinds: list[str] = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    attention = kinds.count("full_attention") * _attention(config, sequence_length)
    scans = kinds.count("linear_attention") * _scan(config, sequence_length) if "linear_attention" in kinds else 0.0
    return float(_PASSES * (2 * num_matmul_weights(lm) + attention + scans))


def _attention(config: PreTrainedConfig, sequence_length: int) -> float:
    """Forward FLOPs a token of one layer's queries x keys and weights x values."""
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 4 * config.num_attention_heads * head_dim * sequence_length


def _scan(config: PreTrainedConfig, sequence_length: int) -> float:
    """Forward FLOPs a token of one Mamba-2 layer beside its weights."""
    size = min(config.chunk_size, sequence_length)
    num_chunks = -(-sequence_length // size)
    inner, state = config.mamba_num_heads * config.mamba_head_dim, config.ssm_state_size
    within = size * (config.n_groups * state + inner) + 2 * inner * state
    row = num_chunks * size * within + num_chunks**2 * inner * state
    return 2 * row / sequence_length


def num_matmul_weights(lm: PreTrainedModel) -> int:
    """Weights that take part in a multiplication with every token."""
    matrices = sum(p.numel() for p in lm.parameters() if p.ndim >= 2)  # a tied head and embedding come once
    if lm.config.tie_word_embeddings:
        return matrices
    return matrices - lm.config.vocab_size * lm.config.hidden_size


def weightless(config: PreTrainedConfig) -> PreTrainedModel:
    """A model of shapes only, of any size in no memory: to count its parameters and FLOPs before it is built."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)
