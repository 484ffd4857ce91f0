"""Batched generation for transformers' causal models: token ids in, completions out, quick on one core.

What makes it quick: prompts begin in groups of similar length, equal ones read once, shortest first (a completion
that goes on and on then lies beside longer prompts, not shorter ones); a key-value cache written in place
(transformers' own grows by copying itself at every step); rows that have ended give their place to prompts that
wait, so that the batch stays full; for common models a pass with little overhead (`quick`). Greedy answers are
those of `model.generate` in fp32, token for token.

Sampling draws one uniform number per (key, step) up front and inverts the distribution with it, so that
a prompt's sample depends on its key and on the model, not on what else stands in the batch.

Letters: N prompts, R rows at once, V vocabulary.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from transformers import PreTrainedModel

from pipeline.core.seeds import Key, generator, keyed_int
from pipeline.lm.generation.forward import forward_of
from pipeline.lm.generation.lanes import run
from pipeline.lm.generation.reading import Reader
from pipeline.lm.generation.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen: the likeliest at temperature 0, else drawn with the key's numbers."""

    temperature: float = 0.0
    keys: Sequence[tuple[Key, ...]] = ()  # one a prompt; not looked at when greedy


GREEDY = Sampling()


class Said(NamedTuple):
    """A completion."""

    tokens: list[int]  # up to and with an end mark, or to `max_new_tokens`
    logprobs: list[float]  # nats at temperature 1, one a token; empty unless asked for


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    end: int | Sequence[int],
    max_new_tokens: int,
    batch_size: int,
    sampling: Sampling = GREEDY,
    advance: Callable[[int], object] = lambda _: None,
) -> list[list[int]]:
    """Complete every prompt, up to and with an end mark, or to `max_new_tokens`.

    prompts: N lists of token ids, none empty. Returns N lists of new token ids in the order of the prompts.
    `advance` hears how many prompts were finished, from time to time.
    """
    settings = Settings(end=end, max_new_tokens=max_new_tokens, batch_size=batch_size, sampling=sampling)
    return [said.tokens for said in complete(model, prompts, settings, advance)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How completions are made."""

    end: int | Sequence[int]
    max_new_tokens: int
    batch_size: int  # rows at once
    sampling: Sampling = GREEDY
    scored: bool = False  # with log-probabilities

    @property
    def identity(self) -> list[object]:
        """All of it as plain data."""
        ends = [self.end] if isinstance(self.end, int) else list(self.end)
        keys = [list(key) for key in self.sampling.keys]
        return [ends, self.max_new_tokens, self.batch_size, self.sampling.temperature, keys, self.scored]

    def only(self, prompts: Sequence[int]) -> "Settings":
        """The same for some of the prompts, by their numbers."""
        keys = self.sampling.keys and [self.sampling.keys[prompt] for prompt in prompts]
        return replace(self, sampling=replace(self.sampling, keys=keys))


def complete(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    advance: Callable[[int], object] = lambda _: None,
) -> list[Said]:
    """As `generate`, with the log-probability of each token where the settings ask for it."""
    assert all(len(prompt) for prompt in prompts), "an empty prompt cannot be completed"
    count, steps, sampling = len(prompts), settings.max_new_tokens, settings.sampling
    order = sorted(range(count), key=lambda index: (len(prompts[index]), prompts[index]))
    ends = [settings.end] if isinstance(settings.end, int) else list(settings.end)
    uniforms = _draw(sampling, count, steps).to(model.device)
    output = torch.full((count + 1, steps), -1, device=model.device)
    logprobs = torch.zeros(count + 1, steps, device=model.device) if settings.scored else None

    def pick(logits: torch.Tensor, who: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return choose(logits, sampling.temperature, uniforms[who, step] if sampling.temperature else uniforms)

    with torch.inference_mode():
        forward = forward_of(model, max(map(len, prompts), default=0) + steps)
        marks = torch.tensor(ends, device=model.device)
        rows = Rows.free(output, logprobs, marks, pick, min(settings.batch_size, count))
        run(Reader(model, forward, prompts, deque(order)), rows, advance)
    tokens = [_cut(row, ends) for row in output[:-1].tolist()]
    scores = [[]] * count if logprobs is None else logprobs[:-1].tolist()
    return [Said(said, row[: len(said)]) for said, row in zip(tokens, scores, strict=True)]


def choose(logits: torch.Tensor, temperature: float, uniforms: torch.Tensor) -> torch.Tensor:
    """The next token of each row: the likeliest at temperature 0, else the distribution inverted at `uniforms`.

    logits: (R, V). uniforms: float64 (R,) in [0, 1), not looked at when greedy. Returns int64 (R,).
    """
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = torch.softmax(logits.double() / temperature, -1).cumsum(-1)  # (R, V)
    points = uniforms[:, None] * cumulative[:, -1:]  # (R, 1); the last sum is 1 but for rounding
    return torch.searchsorted(cumulative, points, right=True).squeeze(1).clamp(max=logits.shape[1] - 1)


def seed_of(key: Sequence[Key]) -> str:
    """The seed of a sample's random numbers, as 32 hex digits: numpy's `SeedSequence` of it draws them."""
    return f"{keyed_int('sampling', *key):032x}"


def _draw(sampling: Sampling, num_prompts: int, max_new_tokens: int) -> torch.Tensor:
    """Uniform numbers in [0, 1), float64 (N + 1, max_new_tokens), the last row for nobody; no columns when greedy."""
    if sampling.temperature == 0:
        return torch.zeros(num_prompts + 1, 0, dtype=torch.float64)
    assert len(sampling.keys) == num_prompts, f"{len(sampling.keys)} keys for {num_prompts} prompts"
    rows = [generator("sampling", *key).random(max_new_tokens) for key in sampling.keys]
    return torch.from_numpy(np.stack([*rows, np.zeros(max_new_tokens)]))


def _cut(row: list[int], ends: Sequence[int]) -> list[int]:
    """What was said, up to and with the first end mark."""
    said = row[: row.index(-1)] if -1 in row else row
    return next((said[: place + 1] for place, token in enumerate(said) if token in ends), said)
