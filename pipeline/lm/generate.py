"""Batched generation for transformers' causal models: token ids in, completions out, quick on one core.

What makes it quick: prompts sorted by length and padded on the left, so that every step writes one
column; a key-value cache written in place (transformers' own grows by copying itself at every step);
rows that have ended leave the batch and the cache, so that late steps are small; equal prompts are read
once. Greedy answers are those of `model.generate` in fp32, token for token.

Sampling draws one uniform number per (key, step) up front and inverts the distribution with it, so that
a prompt's sample depends on its key and on the model, not on what else stands in the batch.

Letters: N prompts, B rows alive, T columns of the cache, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from transformers import PreTrainedModel

from pipeline.core.seeds import Key, generator
from pipeline.lm.cache import new_cache

_ENDED_SHARE = 8  # rows leave once one in so many has ended: a copy of the cache costs about a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen: the likeliest at temperature 0, else drawn with the key's numbers."""

    temperature: float = 0.0
    keys: Sequence[tuple[Key, ...]] = ()  # one a prompt; not looked at when greedy


GREEDY = Sampling()


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    end: int,
    max_new_tokens: int,
    batch_size: int,
    sampling: Sampling = GREEDY,
    advance: Callable[[int], object] = lambda _: None,
) -> list[list[int]]:
    """Complete every prompt, up to and with the end mark, or to `max_new_tokens`.

    prompts: N lists of token ids, none empty. Returns N lists of new token ids in the order of the prompts.
    `advance` hears how many prompts were finished, batch by batch.
    """
    assert all(len(prompt) for prompt in prompts), "an empty prompt cannot be completed"
    uniforms = _draw(sampling, len(prompts), max_new_tokens).to(model.device)
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), prompts[index]), reverse=True)
    completions: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = _Batch(model, [prompts[row] for row in rows], max_new_tokens)
            batch.run(end, sampling.temperature, uniforms[rows])
            for row, completion in zip(rows, batch.completions(end), strict=True):
                completions[row] = completion
            advance(len(rows))
    return completions


def choose(logits: torch.Tensor, temperature: float, uniforms: torch.Tensor) -> torch.Tensor:
    """The next token of each row: the likeliest at temperature 0, else the distribution inverted at `uniforms`.

    logits: (B, V). uniforms: float64 (B,) in [0, 1), not looked at when greedy. Returns int64 (B,).
    """
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = torch.softmax(logits.double() / temperature, -1).cumsum(-1)  # (B, V)
    points = uniforms[:, None] * cumulative[:, -1:]  # (B, 1); the last sum is 1 but for rounding
    return torch.searchsorted(cumulative, points, right=True).squeeze(1).clamp(max=logits.shape[1] - 1)


def _draw(sampling: Sampling, num_prompts: int, max_new_tokens: int) -> torch.Tensor:
    """Uniform numbers in [0, 1), float64 (N, max_new_tokens); no columns when greedy."""
    if sampling.temperature == 0:
        return torch.zeros(num_prompts, 0, dtype=torch.float64)
    assert len(sampling.keys) == num_prompts, f"{len(sampling.keys)} keys for {num_prompts} prompts"
    rows = [generator("sampling", *key).random(max_new_tokens) for key in sampling.keys]
    return torch.from_numpy(np.stack(rows)) if rows else torch.zeros(0, max_new_tokens, dtype=torch.float64)


class _Batch:
    """Prompts of similar length on their way; row i of the cache, the mask and the positions is prompt `alive[i]`."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> None:
        self.model = model
        self.cache = new_cache(model)
        self.alive = torch.arange(len(prompts), device=model.device)
        self.output = torch.full((len(prompts), max_new_tokens), -1, device=model.device)
        self._read(prompts)

    def _read(self, prompts: Sequence[Sequence[int]]) -> None:
        """Run the distinct prompts through the model, then give each row its own copy of the cache."""
        distinct = {tuple(prompt): index for index, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
        ids, mask = _pad_left(list(distinct), self.model.device)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        self.padded = not bool(mask.all())
        logits = self._forward(ids, mask, positions)
        rows = torch.tensor([distinct[tuple(prompt)] for prompt in prompts], device=self.model.device)
        if len(distinct) < len(prompts):
            self._take(rows)
        self.logits, self.position = logits[rows], positions[rows, -1]
        self.mask = torch.nn.functional.pad(mask[rows], (0, self.output.shape[1]), value=1)
        self.columns = ids.shape[1]

    def run(self, end: int, temperature: float, uniforms: torch.Tensor) -> None:
        """Generate until all rows have ended or the output is full. uniforms: (rows, max_new_tokens), see `choose`."""
        last = self.output.shape[1] - 1
        ended = torch.zeros_like(self.alive, dtype=torch.bool)
        for step in range(last + 1):
            drawn = uniforms[self.alive, step] if temperature else uniforms
            tokens = choose(self.logits, temperature, drawn)
            self.output[self.alive, step] = tokens
            ended |= tokens == end
            num_ended = int(ended.sum())
            if step == last or num_ended == len(ended):
                return
            if num_ended * _ENDED_SHARE >= len(ended):
                tokens, ended = self._drop(ended, tokens)
            self._step(tokens)

    def completions(self, end: int) -> list[list[int]]:
        """What was generated, cut behind the first end mark."""
        return [row[: row.index(end) + 1] if end in row else row for row in self.output.tolist()]

    def _drop(self, ended: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Let the ended rows leave; return the tokens and the (empty) end marks of those that stay."""
        kept = (~ended).nonzero().squeeze(1)
        self._take(kept)
        self.alive, self.position, self.mask = self.alive[kept], self.position[kept], self.mask[kept]
        return tokens[kept], ended[kept]

    def _take(self, rows: torch.Tensor) -> None:
        """Keep (or repeat) these rows of the cache, in this order."""
        self.cache.reorder_cache(cast(torch.LongTensor, rows))

    def _step(self, tokens: torch.Tensor) -> None:
        self.position = self.position + 1
        self.columns += 1
        self.logits = self._forward(tokens[:, None], self.mask[:, : self.columns], self.position[:, None])

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Logits (rows, V) after the last token. Without padding no mask is given: that path is quicker."""
        return self.model(
            input_ids=ids,
            attention_mask=mask if self.padded else None,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]


def _pad_left(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both int64 (len(prompts), longest); what is masked has id 0."""
    longest = max(map(len, prompts))
    ids = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
