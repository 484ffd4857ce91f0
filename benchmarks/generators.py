"""Who answers in `generation.py`: our generation, the harness's Hugging Face backend, and plain `generate`."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch

from pipeline.core.chat import END, PAD
from pipeline.eval.examinee import Examinee
from pipeline.lm.generation.generate import GREEDY

MAX_NEW_TOKENS = 100


def ours(examinee: Examinee, prompts: Sequence[list[int]], batch_size: int) -> Callable[[], list[list[int]]]:
    """Ours, as the eval stage calls it."""

    def run() -> list[list[int]]:
        examinee.batch_size = batch_size
        return examinee.complete(prompts, MAX_NEW_TOKENS, GREEDY, lambda _: None)

    return run


def harness(examinee: Examinee, texts: Sequence[str], batch_size: int) -> Callable[[], object]:
    """The harness's backend on the model in memory."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    make: Any = HFLM  # its decorators hide the signature
    backend = make(
        pretrained=examinee.model, tokenizer=examinee.tokenizer, batch_size=batch_size, max_length=examinee.context
    )
    settings = {"until": [END], "max_gen_toks": MAX_NEW_TOKENS, "do_sample": False}
    requests = [Instance("generate_until", doc={}, arguments=(text, settings), idx=0) for text in texts]
    return lambda: backend.generate_until(requests, disable_tqdm=True)


def plain(examinee: Examinee, prompts: Sequence[list[int]], batch_size: int) -> Callable[[], list[list[int]]]:
    """Plain `generate` on prompts sorted by length and padded on the left."""
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))

    def run() -> list[list[int]]:
        answers: list[list[int]] = [[] for _ in prompts]
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            for row, answer in zip(rows, generate(examinee, [prompts[row] for row in rows]), strict=True):
                answers[row] = answer
        return answers

    return run


def generate(examinee: Examinee, prompts: Sequence[list[int]]) -> list[list[int]]:
    """One call of `model.generate`, cut behind the end mark."""
    end, pad = examinee.ids[END], examinee.ids[PAD]
    longest = max(map(len, prompts))
    ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    settings = {"max_new_tokens": MAX_NEW_TOKENS, "do_sample": False, "eos_token_id": end, "pad_token_id": pad}
    output = cast(Any, examinee.model).generate(input_ids=ids, attention_mask=mask, **settings)[:, longest:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in output]
