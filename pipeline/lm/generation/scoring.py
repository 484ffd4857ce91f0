"""Log-probabilities of given tokens, batched: gold answers after a prefix, documents for bits per byte.

Rows are padded on the right, where a causal model cannot see: no mask, and so the quick attention path.

Letters: B rows, T tokens of the longest row, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel

_LOGITS_AT_ONCE = 2**26  # float32 numbers: 256 MB, whatever the vocabulary
_TOKENS_AT_ONCE = 2**12  # on a CPU: what one forward makes then stays near its cache, twice as quick as 2**15


@dataclass(frozen=True, slots=True)
class Scored:
    """A sequence of token ids whose tokens from `start` on are scored, each given all before it."""

    tokens: Sequence[int]
    start: int = 1  # the first token of a document has nothing before it and is not predicted

    @classmethod
    def after(cls, prefix: Sequence[int], continuation: Sequence[int]) -> "Scored":
        """The continuation is scored."""
        return cls([*prefix, *continuation], len(prefix))


def token_logprobs(
    model: PreTrainedModel,
    sequences: Sequence[Scored],
    *,
    batch_size: int,
    advance: Callable[[int], object] = lambda _: None,
) -> list[np.ndarray]:
    """Natural log-probability of every scored token, at temperature 1.

    Returns one float64 array (len(tokens) - start,) a sequence, in their order; `advance` hears how many were done.
    """
    assert all(sequence.start >= 1 for sequence in sequences), "a first token has nothing before it"
    order = sorted(range(len(sequences)), key=lambda index: len(sequences[index].tokens), reverse=True)
    results: list[np.ndarray] = [np.zeros(0)] * len(sequences)
    done = 0
    with torch.inference_mode():
        while done < len(order):
            longest = max(1, len(sequences[order[done]].tokens))
            rows = order[done : done + min(batch_size, _fitting_rows(model, longest))]
            for row, logprobs in zip(rows, _score(model, [sequences[row] for row in rows]), strict=True):
                results[row] = logprobs
            done += len(rows)
            advance(len(rows))
    return results


def _fitting_rows(model: PreTrainedModel, num_tokens: int) -> int:
    tokens = _LOGITS_AT_ONCE // model.config.vocab_size
    if model.device.type == "cpu":
        tokens = min(tokens, _TOKENS_AT_ONCE)
    return max(1, tokens // num_tokens)


def _score(model: PreTrainedModel, sequences: Sequence[Scored]) -> list[np.ndarray]:
    lengths = [len(sequence.tokens) for sequence in sequences]
    if max(lengths) < 2:
        return [np.zeros(0) for _ in sequences]
    rows = [[*map(int, s.tokens), *[0] * (max(lengths) - n)] for s, n in zip(sequences, lengths, strict=True)]
    ids = torch.tensor(rows, device=model.device)  # (B, T)
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits  # (B, T - 1, V)
    picked = logits.gather(2, ids[:, 1:, None]).squeeze(2)  # (B, T - 1)
    logprobs = (picked.double() - logits.logsumexp(2).double()).cpu().numpy()
    return [row[s.start - 1 : n - 1] for row, s, n in zip(logprobs, sequences, lengths, strict=True)]
