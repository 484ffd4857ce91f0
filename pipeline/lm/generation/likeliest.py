"""The likeliest next token of each prompt with one token ruled out: what a model says if it may not begin so.

Letters: B rows, T tokens of the longest row, V vocabulary.
"""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

_LOGITS_AT_ONCE = 2**26  # float32 numbers: 256 MB, whatever the vocabulary


def likeliest_but(model: PreTrainedModel, prompts: Sequence[Sequence[int]], banned: int, batch_size: int) -> list[int]:
    """One token id a prompt, in order. prompts: lists of token ids, none empty."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]), reverse=True)
    chosen = [0] * len(prompts)
    done = 0
    with torch.inference_mode():
        while done < len(order):
            fitting = _LOGITS_AT_ONCE // (model.config.vocab_size * len(prompts[order[done]]))
            rows = order[done : done + max(1, min(batch_size, fitting))]
            for row, token in zip(rows, _likeliest(model, [prompts[row] for row in rows], banned), strict=True):
                chosen[row] = token
            done += len(rows)
    return chosen


def _likeliest(model: PreTrainedModel, prompts: Sequence[Sequence[int]], banned: int) -> list[int]:
    """Padded on the right, where a causal model cannot see."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[*prompt, *[0] * (longest - len(prompt))] for prompt in prompts], device=model.device)  # (B, T)
    ends = torch.tensor([len(prompt) - 1 for prompt in prompts], device=model.device)
    logits = model(input_ids=ids, use_cache=False).logits[torch.arange(len(prompts), device=model.device), ends]
    logits[:, banned] = -torch.inf  # (B, V)
    return logits.argmax(-1).tolist()
