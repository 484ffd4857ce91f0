"""The model under examination with its tokenizer: prompts in, completions and log-probabilities out.

Text leaves token ids run by run between the special tokens, the exact inverse of `core.chat.render` for
word-level and byte-level tokenizers alike: nobody's space is added next to a mark.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.chat import END, SPECIAL_TOKENS, THINK, UNTHINK, render_prompt
from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.lm.generate import Sampling, generate
from pipeline.lm.model import load, load_tokenizer
from pipeline.lm.scoring import Scored, token_logprobs


@dataclass(slots=True)
class Examinee:
    """A model, its tokenizer, and the count of what it has read and said."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    batch_size: int
    used: Ledger = field(default_factory=Ledger)
    ids: dict[str, int] = field(init=False)  # of the special tokens, and back:
    marks: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        vocabulary = self.tokenizer.get_vocab()
        self.ids = {mark: vocabulary[mark] for mark in SPECIAL_TOKENS}
        self.marks = {token: mark for mark, token in self.ids.items()}

    @property
    def context(self) -> int:
        """The most tokens that the model has positions for."""
        return int(self.model.config.max_position_embeddings)

    def encode_prompt(self, prompt: str) -> list[int]:
        """A question as the model was taught to be asked."""
        return self.encode(render_prompt(prompt))

    def encode(self, text: str) -> list[int]:
        """Text to token ids, nothing added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids to text, special tokens kept, as `core.chat` would have rendered it."""
        return "".join(self._runs(ids, keep_marks=True))

    def count_bytes(self, ids: Sequence[int]) -> int:
        """UTF-8 bytes of the text, special tokens left out."""
        return sum(len(run.encode()) for run in self._runs(ids, keep_marks=False))

    def complete(
        self, prompts: Sequence[list[int]], max_new_tokens: int, sampling: Sampling, advance: Callable[[int], object]
    ) -> list[list[int]]:
        """Completions of the prompts, up to and with the end mark."""
        completions = generate(
            self.model,
            prompts,
            end=self.ids[END],
            max_new_tokens=max_new_tokens,
            batch_size=self.batch_size,
            sampling=sampling,
            advance=advance,
        )
        self.used = self.used.plus(input_tokens=_count(prompts), generated_tokens=_count(completions))
        return completions

    def logprobs(self, sequences: Sequence[Scored]) -> list[np.ndarray]:
        """Log-probabilities of the scored tokens, one array a sequence."""
        self.used = self.used.plus(input_tokens=sum(len(sequence.tokens) for sequence in sequences))
        return token_logprobs(self.model, sequences, batch_size=self.batch_size)

    def answer_start(self, completion: Sequence[int]) -> int | None:
        """Where the answer slot is: behind the closed thought, or at once if none was opened; None if never reached."""
        if not completion or completion[0] != self.ids[THINK]:
            return 0
        unthink = self.ids[UNTHINK]
        return completion.index(unthink) + 1 if unthink in completion else None

    def _runs(self, ids: Sequence[int], *, keep_marks: bool) -> Iterator[str]:
        run: list[int] = []
        for token in [*map(int, ids), -1]:
            if token != -1 and token not in self.marks:
                run.append(token)
                continue
            if run:
                yield str(self.tokenizer.decode(run, clean_up_tokenization_spaces=False))
                run = []
            if keep_marks and token != -1:
                yield self.marks[token]


def open_examinee(folder: Path, batch_size: int) -> Examinee:
    """The model of a checkpoint, on the accelerator where there is one.

    Raises UserError for a checkpoint without weights, tokenizer or chat template.
    """
    model = Checkpoint(folder).model
    for name, what in (("config.json", "model"), ("tokenizer_config.json", "tokenizer")):
        if not (model / name).is_file():
            raise UserError(f"checkpoint {folder} has no {what} ({model.name}/{name}); give one with both")
    tokenizer = load_tokenizer(model)
    lacking = [mark for mark in SPECIAL_TOKENS if mark not in tokenizer.get_vocab()]
    if tokenizer.chat_template is None or lacking:
        missing = f"lacks {', '.join(lacking)}" if lacking else "has no chat template"
        raise UserError(f"the tokenizer of checkpoint {folder} {missing}; save it with the study's own tokenizer")
    lm = load(model, tokenizer).eval()
    torch.nn.Module.to(lm, "cuda" if torch.cuda.is_available() else "cpu")
    return Examinee(lm, tokenizer, batch_size)


def _count(sequences: Sequence[Sequence[int]]) -> int:
    return sum(map(len, sequences))
