"""A module with the names, signatures and checks of vLLM's offline API (docs.vllm.ai, 0.10 to 0.26), without a GPU.

What it says is what our own generation says. An argument that vLLM does not document is an error here too.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import TypedDict

import torch
from transformers import AutoModelForCausalLM

from pipeline.lm.generation.generate import Sampling, Settings, complete

ENGINE_ARGUMENTS = {"max_model_len", "max_num_seqs", "max_logprobs", "logprobs_mode", "enable_prefix_caching"}


class TokensPrompt(TypedDict):
    prompt_token_ids: list[int]


@dataclass(kw_only=True)
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    min_tokens: int = 0
    logprobs: int | None = None
    detokenize: bool = True

    def __post_init__(self):
        if not 0.0 <= self.temperature <= 2.0:
            raise ValueError(f"temperature must be in [0, 2], got {self.temperature}.")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}.")
        if not all(isinstance(token, int) for token in self.stop_token_ids or []):
            raise ValueError("stop_token_ids must contain only integers")
        if self.seed is not None and not -(2**63) <= self.seed < 2**64:
            raise RuntimeError("Overflow when unpacking long")  # torch.Generator.manual_seed


@dataclass
class Logprob:
    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


@dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: list[int]
    cumulative_logprob: float | None
    logprobs: list[dict[int, Logprob]] | None
    finish_reason: str | None = None
    stop_reason: int | str | None = None


@dataclass
class RequestOutput:
    request_id: str
    prompt: str | None
    prompt_token_ids: list[int] | None
    outputs: list[CompletionOutput]
    finished: bool = True


@dataclass
class Heard:
    """What the stand-in was asked."""

    engines: list[dict] = field(default_factory=list)
    requests: list[SamplingParams] = field(default_factory=list)


HEARD = Heard()


class LLM:
    def __init__(
        self,
        model: str,
        *,
        tokenizer: str | None = None,
        tokenizer_mode: str = "auto",
        skip_tokenizer_init: bool = False,
        trust_remote_code: bool = False,
        tensor_parallel_size: int = 1,
        dtype: str = "auto",
        quantization: str | None = None,
        seed: int = 0,
        gpu_memory_utilization: float = 0.9,
        enforce_eager: bool = False,
        **kwargs,
    ):
        assert kwargs.keys() <= ENGINE_ARGUMENTS, kwargs
        assert dtype in ("auto", "half", "float16", "bfloat16", "float", "float32")
        assert 0 < gpu_memory_utilization <= 1
        HEARD.engines.append({"model": model, "dtype": dtype, "memory": gpu_memory_utilization, **kwargs})
        self.skips_tokenizer = skip_tokenizer_init
        self.lm = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True, lora_request=None, priority=None):
        assert isinstance(sampling_params, list) and len(sampling_params) == len(prompts)
        HEARD.requests += sampling_params
        return [
            self._answer(i, prompt, params)
            for i, (prompt, params) in enumerate(zip(prompts, sampling_params, strict=True))
        ]

    def _answer(self, number, prompt, params):
        """The end token is among the ids (`token_ids.append(skipped_stop_token_id)` in v1/engine/detokenizer.py)."""
        assert self.skips_tokenizer and not params.detokenize, "no tokenizer, nothing to be decoded"
        assert params.ignore_eos, "else the checkpoint's own end token would end a completion as well"
        sampling = Sampling(temperature=params.temperature, keys=[("stand-in", params.seed)])
        settings = Settings(
            end=params.stop_token_ids,
            max_new_tokens=params.max_tokens,
            batch_size=1,
            sampling=sampling,
            scored=True,
        )
        (said,) = complete(self.lm, [prompt["prompt_token_ids"]], settings)
        steps = [{token: Logprob(value, 1)} for token, value in zip(said.tokens, said.logprobs, strict=True)]
        ended = said.tokens[-1] in params.stop_token_ids
        output = CompletionOutput(
            index=0,
            text="",
            token_ids=said.tokens,
            cumulative_logprob=sum(said.logprobs),
            logprobs=None if params.logprobs is None else steps,
            finish_reason="stop" if ended else "length",
            stop_reason=said.tokens[-1] if ended else None,
        )
        return RequestOutput(str(number), None, prompt["prompt_token_ids"], [output])


def as_module():
    """To stand in `sys.modules` as vllm."""
    module = ModuleType("vllm")
    module.__version__ = "0.0.stand-in"
    for thing in (LLM, SamplingParams, TokensPrompt, RequestOutput, CompletionOutput):
        setattr(module, thing.__name__, thing)
    return module
