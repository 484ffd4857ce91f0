"""Completions by vLLM's offline API (`LLM.generate`), as our own generation would give them.

Token ids go in and come out, so that vLLM needs no tokenizer. Its own notion of an end is switched off: what ends a
completion is what the settings say, end mark included. A sample is a request of its own with a seed of its own;
vLLM's prefix cache shares the reading of equal prompts. Log-probabilities are `raw_logprobs`: before temperature,
as ours are.

Equal arguments need not give equal bits: what vLLM computes together depends on what has arrived. Documented at
docs.vllm.ai (`LLM`, `SamplingParams`, `RequestOutput`); `tests/eval/test_vllm_contract.py` holds this file to it.
"""

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from pipeline.core.errors import UserError
from pipeline.core.seeds import Key, keyed_int
from pipeline.lm.generation.generate import Said, Settings

# Read when vLLM is imported: nothing is sent to its makers, and no lines between those of the progress bar.
_ENVIRONMENT = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
_MEMORY = 0.8  # of what is free on the GPU: the model that scores is there already, and needs some to work in


class Vllm:
    """A checkpoint in vLLM; a `completer.Completer`."""

    def __init__(self, model: Path, *, dtype: str, max_rows: int) -> None:
        """model: a folder of `save_pretrained`. max_rows: completions made side by side.

        vLLM must be there (`backends.require_backend`). Raises UserError where it cannot load the checkpoint.
        """
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        import vllm  # pyright: ignore[reportMissingImports] - no dependency of ours: it wants its own torch

        gc.collect()  # an eval before this one in the same process: its engine holds the GPU until it is collected
        self.module: Any = vllm
        self.name = f"vllm {self.module.__version__}"
        free, total = torch.cuda.mem_get_info()
        try:
            self.llm: Any = self.module.LLM(
                model=str(model),
                skip_tokenizer_init=True,
                dtype=dtype,
                seed=0,
                gpu_memory_utilization=_MEMORY * free / total,
                max_num_seqs=max_rows,
                logprobs_mode="raw_logprobs",
            )
        except (ValueError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[:300]
            raise UserError(f"vLLM cannot load {model}: {reason}; or say eval.engine=own") from error

    def complete(
        self, prompts: Sequence[Sequence[int]], settings: Settings, advance: Callable[[int], object]
    ) -> list[Said]:
        """See `Completer`. `advance` hears of all at once, at the end."""
        asked = [self.module.TokensPrompt(prompt_token_ids=list(prompt)) for prompt in prompts]
        params = [self._params(settings, number) for number in range(len(prompts))]
        outputs = self.llm.generate(asked, params, use_tqdm=False) if asked else []
        advance(len(prompts))
        return [_said(output.outputs[0], settings.scored) for output in outputs]

    def seed_of(self, key: Sequence[Key]) -> str:
        """Of `SamplingParams.seed`."""
        return f"{_seed(key):x}"

    def _params(self, settings: Settings, number: int) -> Any:
        ends = [settings.end] if isinstance(settings.end, int) else list(settings.end)
        temperature = settings.sampling.temperature
        return self.module.SamplingParams(
            temperature=temperature,
            seed=_seed(settings.sampling.keys[number]) if temperature else None,
            max_tokens=settings.max_new_tokens,
            stop_token_ids=ends,
            ignore_eos=True,
            logprobs=0 if settings.scored else None,  # 0: of the token itself, and of no other
            detokenize=False,
        )


def _seed(key: Sequence[Key]) -> int:
    """What `torch.Generator.manual_seed` takes: 63 bits."""
    return keyed_int("vllm", *key) >> 65


def _said(output: Any, is_scored: bool) -> Said:
    tokens = [int(token) for token in output.token_ids]
    if not is_scored:
        return Said(tokens, [])
    return Said(tokens, [float(step[token].logprob) for step, token in zip(output.logprobs, tokens, strict=True)])
