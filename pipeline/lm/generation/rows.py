"""The rows of a batch under generation: which prompt each is at, what it has said, which of them are free.

Letters: N prompts, R rows, V vocabulary, E tokens that end a completion.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

# logits (R, V), numbers of the prompts and of the tokens, both int64 (R,) -> tokens, int64 (R,)
Choose = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(slots=True)
class Rows:
    """What each row is at; the last row of `output` is for rows without a prompt."""

    output: torch.Tensor  # int64 (N + 1, max_new_tokens), -1 where nothing has been said
    logprobs: torch.Tensor | None  # float32, likewise: of what was said, at temperature 1; None where nobody asks
    ends: torch.Tensor  # int64 (E,): tokens that end a completion
    choose: Choose
    who: torch.Tensor  # int64 (R,): the prompt, N for none
    step: torch.Tensor  # int64 (R,): tokens said
    position: torch.Tensor  # int64 (R,): of the last token
    begin: torch.Tensor  # int64 (R,): column of the first token

    @classmethod
    def free(
        cls,
        output: torch.Tensor,
        logprobs: torch.Tensor | None,
        ends: torch.Tensor,
        choose: Choose,
        num_rows: int,
    ) -> "Rows":
        """Rows without a prompt."""
        who, step, position, begin = torch.zeros(4, num_rows, dtype=torch.int64, device=output.device)
        return cls(output, logprobs, ends, choose, who + len(output) - 1, step, position, begin)

    @property
    def is_free(self) -> torch.Tensor:
        """Bool (R,)."""
        return self.who == len(self.output) - 1

    def start(self, rows: torch.Tensor, prompts: torch.Tensor, lengths: torch.Tensor, stop: int) -> None:
        """Give rows to prompts of these lengths, read up to the column before `stop`."""
        self.who[rows], self.step[rows] = prompts, 0
        self.position[rows], self.begin[rows] = lengths - 1, stop - lengths

    def say(self, logits: torch.Tensor) -> torch.Tensor:
        """Choose and note the next tokens; rows that have ended are free afterwards."""
        last = self.output.shape[1] - 1
        step = self.step.clamp(max=last)
        tokens = self.choose(logits, self.who, step)
        self.output[self.who, step] = tokens
        if self.logprobs is not None:
            self.logprobs[self.who, step] = logits.gather(1, tokens[:, None]).squeeze(1) - logits.logsumexp(1)
        has_ended = (tokens[:, None] == self.ends).any(1) | (step == last)
        self.who = torch.where(has_ended, len(self.output) - 1, self.who)
        self.step = self.step + 1
        self.position = torch.where(self.is_free, 0, self.position + 1)  # of a free row it is of no account
        return tokens

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        self.who, self.step = self.who[rows], self.step[rows]
        self.position, self.begin = self.position[rows], self.begin[rows]
