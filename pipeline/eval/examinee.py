"""The model under examination with its tokenizer: prompts in, completions and log-probabilities out.

Text leaves token ids run by run between the special tokens, the exact inverse of `core.chat.render` for
word-level and byte-level tokenizers alike: nobody's space is added next to a mark.

A checkpoint of our own is asked in `core.chat`'s format. Any other is asked with its own chat template, and what it
says is put into that format's words: its end-of-text token becomes the end mark.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.chat import END, SPECIAL_TOKENS, THINK, UNTHINK, render_prompt
from pipeline.core.ledger import Ledger
from pipeline.eval.parts import Parts, parts_by_length
from pipeline.eval.text_runs import runs
from pipeline.lm.generation.completer import Completer, Own
from pipeline.lm.generation.generate import Said, Sampling, Settings
from pipeline.lm.generation.scoring import Scored, token_logprobs

NO_TOKEN = -2  # the id of a mark that a tokenizer does not have: nothing that is ever said
_UNBOUNDED = 2**30  # positions of a model that names no limit


@dataclass(slots=True)
class Examinee:
    """A model, its tokenizer, and the count of what it has read and said."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    batch_size: int
    ends: tuple[int, ...] = ()  # tokens that end a completion; the end mark, if none are given
    parts: Parts = field(default_factory=lambda: Parts(None))
    used: Ledger = field(default_factory=Ledger)
    completer: Completer = field(init=False)  # who writes; what is scored is scored by `model`
    is_ours: bool = field(init=False)
    opens_thought: bool = field(init=False)  # whether a prompt ends in an opened thought, as some templates have it
    ids: dict[str, int] = field(init=False)  # of the special tokens, and back:
    marks: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        self.completer = Own(self.model)
        vocabulary = self.tokenizer.get_vocab()
        self.is_ours = all(mark in vocabulary for mark in SPECIAL_TOKENS)
        self.ids = {mark: vocabulary.get(mark, NO_TOKEN) for mark in SPECIAL_TOKENS}
        self.marks = {token: mark for mark, token in self.ids.items() if token != NO_TOKEN}
        if not self.ends:
            self.ends = (self.ids[END],)
        self.ids[END] = self.ends[0]
        self.marks |= dict.fromkeys(self.ends, END)
        _, opened, rest = self.render_prompt("?").rpartition(THINK)
        self.opens_thought = bool(opened) and UNTHINK not in rest

    @property
    def context(self) -> int:
        """The most tokens that the model has positions for."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or _UNBOUNDED)

    def encode_prompt(self, prompt: str) -> list[int]:
        """A question as the model was taught to be asked."""
        return self.encode(self.render_prompt(prompt))

    def render_prompt(self, prompt: str) -> str:
        """The text that asks a question: in our format, or by the model's own chat template."""
        if self.is_ours:
            return render_prompt(prompt)
        messages = [{"role": "user", "content": prompt}]
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def encode(self, text: str) -> list[int]:
        """Text to token ids, nothing added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids to text, special tokens kept, as `core.chat` would have rendered it."""
        return "".join(self._runs(ids, keep_marks=True))

    def said(self, completion: Sequence[int]) -> str:
        """A completion as text, with the thought opened that its prompt has opened."""
        return (THINK if self.opens_thought else "") + self.decode(completion)

    def count_bytes(self, ids: Sequence[int]) -> int:
        """UTF-8 bytes of the text, special tokens left out."""
        return sum(len(run.encode()) for run in self._runs(ids, keep_marks=False))

    def complete(
        self, prompts: Sequence[list[int]], max_new_tokens: int, sampling: Sampling, advance: Callable[[int], object]
    ) -> list[list[int]]:
        """Completions of the prompts, up to and with the end mark."""
        return [said.tokens for said in self.say(prompts, max_new_tokens, sampling, advance)]

    def say(
        self, prompts: Sequence[list[int]], max_new_tokens: int, sampling: Sampling, advance: Callable[[int], object]
    ) -> list[Said]:
        """Completions with the log-probability of each token; parts kept by a killed run are read."""
        settings = Settings(
            end=self.ends,
            max_new_tokens=max_new_tokens,
            batch_size=self.batch_size,
            sampling=sampling,
            scored=True,
        )
        said = self.parts.say(self.completer, prompts, settings, advance)
        generated = sum(len(each.tokens) for each in said)
        self.used = self.used.plus(input_tokens=sum(map(len, prompts)), generated_tokens=generated)
        return said

    def logprobs(self, sequences: Sequence[Scored]) -> list[np.ndarray]:
        """Log-probabilities of the scored tokens, one array a sequence."""
        self.used = self.used.plus(input_tokens=sum(len(sequence.tokens) for sequence in sequences))
        found = [np.zeros(0)] * len(sequences)
        for rows in parts_by_length([len(sequence.tokens) for sequence in sequences], self.parts.size):
            part = [sequences[row] for row in rows]
            identity: list[Any] = [[list(map(int, each.tokens)), each.start] for each in part]
            scores = self.parts.scores(
                ["score", identity, self.batch_size],
                lambda part=part: token_logprobs(self.model, part, batch_size=self.batch_size),
            )
            for row, values in zip(rows, scores, strict=True):
                found[row] = values
        return found

    def answer_start(self, completion: Sequence[int]) -> int | None:
        """Where the answer slot is: behind the closed thought, or at once if none was opened; None if never reached."""
        if not self.opens_thought and (not completion or completion[0] != self.ids[THINK]):
            return 0
        unthink = self.ids[UNTHINK]
        return completion.index(unthink) + 1 if unthink in completion else None

    def _runs(self, ids: Sequence[int], *, keep_marks: bool) -> Iterator[str]:
        """Another tokenizer's own special tokens are no text."""
        return runs(self.tokenizer, self.marks, ids, keep_marks=keep_marks, skip_special=not self.is_ours)
