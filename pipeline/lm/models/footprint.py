"""What a model of any size costs, from its shapes alone: parameters, FLOPs a token, memory of one GPU, bytes on disk.

Nothing is built and nothing is measured. Memory is by stated rules, so that its order is known before a machine is
rented; what a run really needs shows in its first step (`lm.memory` names a micro-batch that fits).

* Weights, gradients and AdamW's two moments are fp32: 16 bytes a parameter, divided by the ranks under `fsdp`, which
  besides gathers one layer at a time. (Rajbhandari et al. 2020, "ZeRO", section 3.1, has 16 for mixed precision too.)
* Activations are what autograd keeps for the backward pass without recomputation: for each token and layer the inputs
  and outputs of its matrix products and gates, in the precision of the run. It is the counting of Korthikanti et al.
  2022, "Reducing activation recomputation", section 4.1, without dropout and attention scores, which fused kernels do
  not keep.
* Logits and their gradient are fp32 over the whole vocabulary.
"""

from dataclasses import dataclass

from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from pipeline.core.chat import END, PAD
from pipeline.lm.config import Model, Training
from pipeline.lm.models.flops import flops_per_token, num_matmul_weights, weightless
from pipeline.lm.models.model import transformers_config

_BYTES_A_PARAMETER = 16
_BYTES_OF_A_RESTART_POINT = 12  # a parameter: fp32 weights and two moments
_BYTES_OF_LOGITS = 8  # a token and word


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """A model's cost. Bytes are bytes, FLOPs are of training: forward and backward."""

    num_parameters: int
    num_multiplied: int  # parameters that take part in a multiplication with every token
    flops_per_token: float  # in rows of the given length
    largest_layer: int  # parameters that `fsdp` gathers at once
    kept_per_token: float  # activation values for the backward pass
    vocabulary: int

    def memory(self, training: Training, sequence_length: int, ranks: int) -> dict[str, float]:
        """Bytes on one GPU of `ranks`, by what they are for, with `rows_at_once` rows in memory."""
        ranks = 1 if training.parallel == "none" else ranks
        parts = ranks if training.parallel == "fsdp" else 1
        values = 2 if training.precision == "bf16" else 4
        tokens = min(training.rows_at_once, -(-training.batch_rows // ranks)) * sequence_length
        return {
            "weights, gradients, moments": _BYTES_A_PARAMETER * self.num_parameters / parts,
            "gathered layer": (values + 4) * self.largest_layer if parts > 1 else 0.0,
            "activations": values * self.kept_per_token * tokens,
            "logits": float(_BYTES_OF_LOGITS * self.vocabulary * tokens),
        }

    @property
    def checkpoint_bytes(self) -> int:
        """A checkpoint with its optimizer's state; a restart point is as large."""
        return _BYTES_OF_A_RESTART_POINT * self.num_parameters


def footprint(model: Model, vocabulary: int, sequence_length: int) -> Footprint:
    """The cost of a model that is not built. Raises UserError as `model.build` does."""
    config = transformers_config(model, _Words(vocabulary))
    lm = weightless(config)
    layers: dict[str, int] = {}
    for name, parameter in lm.named_parameters():
        if ".layers." in name:
            index = name.split(".layers.")[1].split(".")[0]
            layers[index] = layers.get(index, 0) + parameter.numel()
    num_parameters = sum(parameter.numel() for parameter in lm.parameters())
    outside = num_parameters - sum(layers.values())  # embedding, norm and head are a group of their own
    return Footprint(
        num_parameters=num_parameters,
        num_multiplied=num_matmul_weights(lm),
        flops_per_token=flops_per_token(lm, sequence_length),
        largest_layer=max(outside, *layers.values()),
        kept_per_token=float(sum(_kept(config, kind) for kind in _kinds(config))),
        vocabulary=config.vocab_size,
    )


def _kinds(config: PreTrainedConfig) -> list[str]:
    """The parts of all layers; in most models a layer mixes tokens and has an MLP, in nemotron_h it is one of them."""
    mixers: list[str] = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    return mixers if config.model_type == "nemotron_h" else [*mixers, *["mlp"] * len(mixers)]


def _kept(config: PreTrainedConfig, kind: str) -> int:
    """Values that one part keeps for each token."""
    width = config.hidden_size
    if kind == "mlp":
        gates = 2 if config.model_type == "nemotron_h" else 4  # up and its square; gate, its activation, up, product
        return 2 * width + gates * config.intermediate_size
    if kind == "conv":
        return 8 * width  # in, normed, three projections, gated, convolved, gated again
    if kind == "linear_attention":
        inner, states = config.mamba_num_heads * config.mamba_head_dim, config.n_groups * config.ssm_state_size
        return 2 * width + 5 * inner + 4 * states + config.mamba_num_heads
    head_dim = getattr(config, "head_dim", None) or width // config.num_attention_heads
    return 2 * width + 2 * head_dim * (config.num_attention_heads + config.num_key_value_heads)


class _Words(PreTrainedTokenizerFast):
    """A tokenizer of which a model's config needs no more than its size and two marks."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> int | list[int]:
        places = {PAD: 0, END: 1}
        return places[tokens] if isinstance(tokens, str) else [places[token] for token in tokens]
