"""Log-likelihoods of continuations, as the harness asks for them: the sum, and whether each token is the likeliest.

Choices of one token share the reading of their prompt. Rows are padded on the right, where a causal model cannot
see, and logits are made for the last columns only.

Letters: B rows, T tokens of the longest row, K last columns that hold all that is scored, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

_LOGITS_AT_ONCE = 2**26  # float32 numbers: 256 MB, whatever the vocabulary
_CPU_TOKENS_AT_ONCE = 2**12  # what one forward makes then stays near the processor


@dataclass(frozen=True, slots=True)
class Pair:
    """A continuation (token ids, at least one) behind a context that fits the model with it."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]

    @property
    def read(self) -> tuple[int, ...]:
        """What the model reads: all but the last token."""
        return (*self.context, *self.continuation[:-1])


def score_pairs(
    model: PreTrainedModel, pairs: Sequence[Pair], *, batch_size: int, advance: Callable[[int], object]
) -> list[tuple[float, bool]]:
    """Log-likelihood in nats, and whether each token is the likeliest; one a pair, in order.

    `advance` hears how many pairs were done, batch by batch.
    """
    asked: dict[tuple[int, ...], list[int]] = {}
    for index, pair in enumerate(pairs):
        asked.setdefault(pair.read, []).append(index)
    waiting = sorted(asked, key=lambda read: (-len(read), read))
    results: list[tuple[float, bool]] = [(0.0, False)] * len(pairs)
    done = 0
    with torch.inference_mode():
        while done < len(waiting):
            reads = waiting[done : done + _fitting_rows(model, len(waiting[done]), batch_size)]
            indices = [asked[read] for read in reads]
            _score(model, reads, [[pairs[i].continuation for i in group] for group in indices], indices, results)
            advance(sum(map(len, indices)))
            done += len(reads)
    return results


def _fitting_rows(model: PreTrainedModel, longest: int, batch_size: int) -> int:
    tokens = _LOGITS_AT_ONCE // int(model.config.vocab_size)
    if model.device.type == "cpu":
        tokens = min(tokens, _CPU_TOKENS_AT_ONCE)
    return max(1, min(batch_size, tokens // longest))


def _score(
    model: PreTrainedModel,
    reads: Sequence[tuple[int, ...]],
    groups: Sequence[Sequence[tuple[int, ...]]],
    indices: Sequence[Sequence[int]],
    results: list[tuple[float, bool]],
) -> None:
    """Fill in the results of some prompts: each is read once, for all continuations that differ in the last token."""
    longest = max(map(len, reads))
    ids = torch.tensor([[*read, *[0] * (longest - len(read))] for read in reads], device=model.device)  # (B, T)
    kept = max(longest - len(read) + max(map(len, group)) for read, group in zip(reads, groups, strict=True))
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=kept).logits  # (B, K, V)
    logprobs = torch.log_softmax(logits.float(), -1)
    likeliest = logits.argmax(-1)  # (B, K)
    for row, (read, group) in enumerate(zip(reads, groups, strict=True)):
        stop = kept - (longest - len(read))  # behind the row's last column
        for index, continuation in zip(indices[row], group, strict=True):
            span = slice(stop - len(continuation), stop)
            tokens = torch.tensor(continuation, device=model.device)
            total = logprobs[row, span].gather(1, tokens[:, None]).sum()
            results[index] = (float(total), bool((likeliest[row, span] == tokens).all()))
