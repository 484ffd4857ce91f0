"""Prompts on their way to completions, side by side in the rows of one cache.

`Slots`: as soon as enough rows have ended, prompts that wait take their places, so that the batch stays full to
the end. `Rounds`: for models with layers whose rows cannot be replaced (sliding windows); rows that have ended
leave, and the next prompts begin when all have.

Letters: N prompts, R rows, T columns that some row needs, V vocabulary.
"""

from collections.abc import Callable
from typing import cast

import torch
from transformers import Cache

from pipeline.lm.generation.cache import SlotCache, has_slots
from pipeline.lm.generation.reading import Group, Reader
from pipeline.lm.generation.rows import Rows

_CHANGED_SHARE = 8  # rows come and go once one in so many has ended: each time costs about a step


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
