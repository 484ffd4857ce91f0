"""What does not fit together - a model, its words, its rows - found before anything is built or trained."""

import inspect
from difflib import get_close_matches

from transformers import CONFIG_MAPPING, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.errors import UserError
from pipeline.lm import hybrids
from pipeline.lm.config import Model
from pipeline.lm.kinds import MODEL_TYPES

_LEGACY = ("hybrid_override_pattern", "rope_theta")  # transformers still takes these and turns them into others


def check_model_type(model_type: str) -> None:
    """Raise UserError for a model type whose layers are not known to keep packed documents apart."""
    if model_type not in MODEL_TYPES:
        raise UserError(
            f"model_type {model_type!r} is not known to keep packed documents apart; "
            f"use one of {', '.join(MODEL_TYPES)}"
        )


def check_extra(model: Model) -> None:
    """Raise UserError for a key of `extra` that the model type's config does not have: it would do nothing."""
    kind = CONFIG_MAPPING[model.model_type]
    known = {*inspect.signature(kind).parameters, *kind.attribute_map, *_LEGACY}
    for name in model.extra:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "see its config class in transformers"
            raise UserError(f"model.extra.{name}: transformers' {model.model_type} has no such setting; {hint}")


def check_layers(config: PreTrainedConfig) -> None:
    """Raise UserError where some layers attend by a rule of their own (sliding windows), which the mask overrules."""
    known = hybrids.LAYERS.get(config.model_type, ("full_attention",))
    other = set(getattr(config, "layer_types", None) or []) - set(known)
    if other:
        raise UserError(
            f"layer_types {', '.join(sorted(other))} cannot be trained on packed rows; use {' or '.join(known)}"
        )


def check_vocabulary(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase, where: str) -> None:
    """Raise UserError where some token ids have no embedding."""
    if config.vocab_size < len(tokenizer):
        raise UserError(
            f"vocabulary of {config.vocab_size} ({where}) is smaller than the tokenizer's {len(tokenizer)}; "
            f"give at least {len(tokenizer)}"
        )


def check_length(lm: PreTrainedModel, sequence_length: int) -> None:
    """Raise UserError where rows are longer than the model's positions."""
    most = lm.config.max_position_embeddings
    if sequence_length > most:
        raise UserError(
            f"sequence_length {sequence_length} is over the model's max_position_embeddings {most}; "
            "shorten the rows or give the model more positions"
        )
