"""A transformers causal language model from a config, from a checkpoint, and back to disk.

Reads and writes the Hugging Face format: safetensors, config, tokenizer, chat template; `from_pretrained`
opens it without code of ours. Weights are fp32 on disk and in memory; mixed precision is the loop's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from pipeline.core.chat import END, PAD
from pipeline.core.errors import UserError
from pipeline.core.seeds import Key, keyed_int
from pipeline.lm import hybrids
from pipeline.lm.config import Model
from pipeline.lm.models import isolation
from pipeline.lm.models.fitting import check_extra, check_layers, check_model_type, check_vocabulary

_VOLATILE = ("transformers_version", "dtype", "torch_dtype", "_name_or_path", "architectures", "use_cache")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Open a tokenizer's artifact or a checkpoint's `model/`."""
    return cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(folder, local_files_only=True))


def build(model: Model, tokenizer: PreTrainedTokenizerBase, *key: Key) -> PreTrainedModel:
    """A new model with random weights from the stream that `key` names; fp32, on the CPU.

    Raises UserError where the model's type cannot be trained here or its vocabulary is too small.
    """
    config = transformers_config(model, tokenizer)
    isolation.install(model.model_type)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(keyed_int("init", *key) % 2**63)
        lm: PreTrainedModel = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa", dtype=torch.float32)
    lm.generation_config = GenerationConfig(
        pad_token_id=config.pad_token_id, eos_token_id=config.eos_token_id, do_sample=False
    )
    return lm


def transformers_config(model: Model, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    """The model's config in transformers' own words. Raises UserError as `build` does."""
    sizes = model.model_dump(exclude={"model_type", "extra"})
    defaults: dict[str, Any] = {
        "head_dim": model.hidden_size // model.num_attention_heads,
        "vocab_size": len(tokenizer),
        "bos_token_id": None,
        "eos_token_id": tokenizer.convert_tokens_to_ids(END),
        "pad_token_id": tokenizer.convert_tokens_to_ids(PAD),
        "use_cache": True,
    }
    check_model_type(model.model_type)
    check_extra(model)
    own = hybrids.defaults(model.model_type, model.hidden_size, model.extra)
    try:
        config = AutoConfig.for_model(model.model_type, **(defaults | own | sizes | model.extra))
    except StrictDataclassError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"model: transformers cannot build this {model.model_type}: {reason}; change it") from error
    check_layers(config)
    check_vocabulary(config, tokenizer, "extra.vocab_size")
    return config


def load(folder: Path, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A model from a checkpoint's `model/`, fp32, on the CPU.

    Raises UserError where the checkpoint was trained with another tokenizer, or cannot be trained here.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    check_model_type(config.model_type)
    check_layers(config)
    check_vocabulary(config, tokenizer, f"the checkpoint {folder}")
    isolation.install(config.model_type)
    if load_tokenizer(folder).get_vocab() != tokenizer.get_vocab():
        raise UserError(f"{folder} was trained with another tokenizer; give the one it was trained with")
    lm: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        folder, use_safetensors=True, local_files_only=True, dtype=torch.float32, attn_implementation="sdpa"
    )
    return lm


def save(
    lm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, weights: Mapping[str, Tensor] | None = None
) -> None:
    """Write weights (safetensors), config, tokenizer and chat template so that `from_pretrained` opens them.

    weights: whole parameters by name, where the model itself holds only a rank's part of them.
    """
    logging.disable_progress_bar()  # one file, written at once
    lm.config.use_cache = True  # a trained model is there to generate
    lm.save_pretrained(folder, state_dict=None if weights is None else dict(weights))
    tokenizer.save_pretrained(folder)


def check_same_architecture(lm: PreTrainedModel, model: Model, tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise UserError where a loaded model is not what the config describes."""
    wanted = transformers_config(model, tokenizer).to_dict()
    found = lm.config.to_dict()
    for name in sorted(wanted.keys() - set(_VOLATILE), key=lambda name: (name not in Model.model_fields, name)):
        if wanted[name] != found.get(name):
            raise UserError(
                f"the checkpoint has {name}={found.get(name)}, the recipe asks for {wanted[name]}; "
                "give the checkpoint's model, or train from scratch"
            )
