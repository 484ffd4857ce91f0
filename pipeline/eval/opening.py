"""A checkpoint opened for examination: ours, or any in the Hugging Face format, from safetensors and without its code.

A mistake is one line that names the checkpoint and what it lacks.
"""

from pathlib import Path
from typing import Any, cast

import torch
from jinja2 import TemplateError
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.chat import SPECIAL_TOKENS
from pipeline.core.checkpoint import model_folder
from pipeline.core.errors import UserError
from pipeline.eval.examinee import Examinee
from pipeline.eval.parts import Parts
from pipeline.lm.generation.backends import Backend, require_backend
from pipeline.lm.generation.by_vllm import Vllm
from pipeline.lm.models.fitting import check_vocabulary

_ANSWERED = "say it with the chat template that it was trained with, or evaluate a checkpoint that has one"


def open_examinee(
    folder: Path, batch_size: int, *, parts: Parts | None = None, engine: Backend = "own", vllm_dtype: str = "float32"
) -> Examinee:
    """The model of a checkpoint, fp32, on the accelerator where there is one.

    folder: a training artifact or a folder of `save_pretrained`. parts: what an earlier run of the same eval has kept.
    engine: who writes completions. vllm_dtype: of vLLM's own copy of the weights.
    Raises UserError where the engine is not there, and for a checkpoint without weights in safetensors, tokenizer, chat
    template or end-of-text token, of a type that transformers does not ship, or with damaged files.
    """
    require_backend(engine)
    model = model_folder(folder)
    for name, what in (("config.json", "model"), ("tokenizer_config.json", "tokenizer")):
        if not (model / name).is_file():
            raise UserError(f"checkpoint {folder} has no {what} ({model.name}/{name}); give one with both")
    if not list(model.glob("*.safetensors")):
        raise UserError(f"checkpoint {folder} has no weights in safetensors ({model.name}/*.safetensors); save them so")
    tokenizer = _open_tokenizer(folder, model)
    lm = _open_model(folder, model, tokenizer)
    torch.nn.Module.to(lm, "cuda" if torch.cuda.is_available() else "cpu")
    examinee = Examinee(lm, tokenizer, batch_size, ends=_ends(folder, lm, tokenizer), parts=parts or Parts(None))
    if engine == "vllm":
        examinee.completer = Vllm(model, dtype=vllm_dtype, max_rows=batch_size)
    return examinee


def _open_tokenizer(folder: Path, model: Path) -> PreTrainedTokenizerBase:
    try:
        opened: Any = AutoTokenizer.from_pretrained(model, local_files_only=True)
    except Exception as error:  # of a file that is none of its own `tokenizers` raises no subclass
        if type(error) is not Exception and not isinstance(error, ValueError | OSError | LookupError | TypeError):
            raise
        raise UserError(f"the tokenizer of checkpoint {folder} cannot be opened: {_in_one_line(error)}") from error
    tokenizer = cast(PreTrainedTokenizerBase, opened)
    if tokenizer.chat_template is None:
        raise UserError(f"the tokenizer of checkpoint {folder} has no chat template; {_ANSWERED}")
    try:
        tokenizer.apply_chat_template([{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True)
    except (TemplateError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"the chat template of checkpoint {folder} does not take a question: {_in_one_line(error)}; {_ANSWERED}"
        ) from error
    return tokenizer


def _open_model(folder: Path, model: Path, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True)
        check_vocabulary(config, tokenizer, f"the checkpoint {folder}")
        lm = AutoModelForCausalLM.from_pretrained(
            model, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
    except (ValueError, OSError, KeyError, RuntimeError, SafetensorError) as error:
        raise UserError(
            f"checkpoint {folder} cannot be opened: {_in_one_line(error)}; code that comes with a checkpoint is not run"
        ) from error
    return cast(PreTrainedModel, lm).eval()


def _ends(folder: Path, lm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Tokens that end a completion: those that the model's own generation stops at."""
    if all(mark in tokenizer.get_vocab() for mark in SPECIAL_TOKENS):
        return ()  # ours: the end mark
    generation: Any = lm.generation_config
    named = generation.eos_token_id if generation is not None else None
    named = tokenizer.eos_token_id if named is None else named
    if named is None:
        raise UserError(
            f"checkpoint {folder} names no end-of-text token; set eos_token_id in its generation_config.json"
        )
    return (int(named),) if isinstance(named, int) else tuple(map(int, named))


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
