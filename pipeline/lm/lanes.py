"""Prompts on their way to completions, side by side in the rows of one cache.

`Slots`: as soon as enough rows have ended, prompts that wait take their places, so that the batch stays full to
the end. `Rounds`: for models with layers whose rows cannot be replaced (sliding windows); rows that have ended
leave, and the next prompts begin when all have.

Letters: N prompts, R rows, T columns that some row needs, V vocabulary, E tokens that end a completion.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from transformers import Cache

from pipeline.lm.cache import SlotCache, has_slots
from pipeline.lm.reading import Group, Reader

_CHANGED_SHARE = 8  # rows come and go once one in so many has ended: each time costs about a step

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


def run(reader: Reader, rows: Rows, advance: Callable[[int], object]) -> None:
    """Complete every prompt of the reader into `rows.output`."""
    if reader.is_done:
        return
    if has_slots(reader.model):
        _Slots(reader, rows, advance).run()
    else:
        reader.at_once = len(rows.who)
        _run_rounds(reader, rows, advance)


class _Slots:
    def __init__(self, reader: Reader, rows: Rows, advance: Callable[[int], object]) -> None:
        self.reader, self.rows, self.advance = reader, rows, advance
        self.cache = SlotCache(reader.model, len(rows.who), reader.longest)
        self.logits = torch.zeros(0)  # (R, V) once something has been read
        self.in_work = 0  # prompts that have a row

    def run(self) -> None:
        self._change(self.rows.is_free)
        while self.in_work:
            tokens = self.rows.say(self.logits)
            free = self.rows.is_free
            num_free = int(free.sum())
            if num_free < len(free):
                self._forward(tokens)
            if num_free * _CHANGED_SHARE >= len(free):
                self._change(free)

    def _change(self, free: torch.Tensor) -> None:
        """Prompts that wait take the free rows; once none waits, free rows are dropped."""
        places, in_use = free.nonzero().squeeze(1), int((~free).sum())
        if self.in_work > in_use:
            self.advance(self.in_work - in_use)
        self.in_work = in_use
        while len(places) and not self.reader.is_done:
            group, from_rows, prompts = self.reader.take(len(places))
            self._start(group, from_rows, prompts, places[: len(prompts)])
            places = places[len(prompts) :]
        if len(places) and self.in_work:
            self._keep((~self.rows.is_free).nonzero().squeeze(1))
        if self.in_work:
            self.cache.window.first = int(self.rows.begin[~self.rows.is_free].min())

    def _start(self, group: Group, from_rows: list[int], prompts: list[int], to_rows: torch.Tensor) -> None:
        chosen, who = torch.tensor([from_rows, prompts], device=to_rows.device)
        self.cache.place(group.cache, chosen, to_rows)
        self.rows.start(to_rows, who, group.lengths[chosen], self.cache.window.stop)
        if not self.logits.numel():
            self.logits = group.logits.new_zeros(len(self.rows.who), group.logits.shape[1])
        self.logits[to_rows] = group.logits[chosen]
        self.in_work += len(prompts)

    def _keep(self, rows: torch.Tensor) -> None:
        self.rows.keep(rows)
        self.cache.keep(rows)
        self.logits = self.logits[rows]

    def _forward(self, tokens: torch.Tensor) -> None:
        self.rows.begin -= self.cache.advance(self.reader.longest)
        columns = torch.arange(self.cache.window.first, self.cache.window.stop, device=tokens.device)
        mask = (columns >= self.rows.begin[:, None])[:, None, None]  # (R, 1, 1, T)
        self.logits = self.reader.forward(tokens[:, None], mask, self.rows.position[:, None], self.cache)


def _run_rounds(reader: Reader, rows: Rows, advance: Callable[[int], object]) -> None:
    num_rows = len(rows.who)
    while not reader.is_done:
        group, from_rows, prompts = reader.take(num_rows)
        chosen, who = torch.tensor([from_rows, prompts], device=rows.who.device)
        group.cache.reorder_cache(cast(torch.LongTensor, chosen))
        lengths = group.lengths[chosen]
        this = Rows.free(rows.output, rows.logprobs, rows.ends, rows.choose, len(prompts))
        this.start(torch.arange(len(prompts), device=who.device), who, lengths, int(group.lengths.max()))
        _run_round(reader, group.cache, group.logits[chosen], this, int(group.lengths.max()))
        advance(len(prompts))


def _run_round(reader: Reader, cache: Cache, logits: torch.Tensor, rows: Rows, stop: int) -> None:
    while True:
        tokens = rows.say(logits)
        free = rows.is_free
        num_free = int(free.sum())
        if num_free == len(free):
            return
        if num_free * _CHANGED_SHARE >= len(free):
            kept = (~free).nonzero().squeeze(1)
            cache.reorder_cache(cast(torch.LongTensor, kept))
            rows.keep(kept)
            tokens = tokens[kept]
        stop += 1
        mask = torch.arange(stop, device=tokens.device) >= rows.begin[:, None]  # (R, T)
        logits = reader.forward(tokens[:, None], mask, rows.position[:, None], cache)
