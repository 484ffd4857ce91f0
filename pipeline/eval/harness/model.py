"""The examinee as the harness's model: encoding, truncation and decoding are the harness's own, the work is ours.

Its scores are those of `HFLM` on the same weights (a test holds them equal). What differs on purpose: nothing is
asked of the hub, samples of a problem are drawn together and handed out one run after another, and a stop text in
a thought that is stripped does not end the answer.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from pipeline.eval.examinee import Examinee
from pipeline.eval.harness.asking import Asking, generation_of_request, in_problems, name_of_request
from pipeline.eval.harness.likelihood import Pair, score_pairs
from pipeline.eval.harness.reading import Reading
from pipeline.eval.harness.until import Until, complete_until
from pipeline.tasks.harness.fit import MAX_GEN_TOKS

Encoded = tuple[Any, list[int], list[int]]  # what was asked as text, its context, its continuation


class ExamineeLM(TemplateLM):
    """An examinee for `simple_evaluate`."""

    def __init__(self, examinee: Examinee, asking: Asking) -> None:
        """asking: of one benchmark; its `sample` is set before each run."""
        super().__init__()
        self.examinee, self.asking = examinee, asking
        self.tokenizer: Any = examinee.tokenizer
        self.max_length = examinee.context
        self.advance = asking.advance

    @property
    def eot_token_id(self) -> int:
        """The token that ends a document."""
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """What stands before a continuation without context."""
        first = self.tokenizer.bos_token_id
        return self.eot_token_id if first is None else int(first)

    @property
    def tokenizer_name(self) -> str:
        """Names the harness's cache of requests, which is not used."""
        return "examinee"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Turns to text, by the checkpoint's own template."""
        return str(
            self.tokenizer.apply_chat_template(
                chat_history,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )
        )

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Text to token ids, with what the tokenizer puts around a text by itself."""
        adds = {} if add_special_tokens is None else {"add_special_tokens": add_special_tokens}
        if add_special_tokens is None and string.startswith(self.tokenizer.decode(self.prefix_token_id)):
            adds = {"add_special_tokens": False}
        return list(self.tokenizer.encode(string, **adds))

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Of each continuation behind its context. Progress is told in problems, of which each has several."""
        self.advance = in_problems(self.asking.advance, self.asking.num_problems, len(requests))
        return super().loglikelihood(requests, disable_tqdm=disable_tqdm)

    def loglikelihood_rolling(self, requests: Sequence[Instance], disable_tqdm: bool = False) -> list[float]:  # noqa: ARG002
        """Log-likelihood of whole texts, in windows as long as the model reads."""
        totals: list[float] = []
        for request in requests:
            (text,) = request.args
            windows = get_rolling_token_windows(self.tok_encode(text), self.prefix_token_id, self.max_length, 1)
            disjoint = [make_disjoint_window(window) for window in windows]
            scores = self._loglikelihood_tokens([(None, context, continuation) for context, continuation in disjoint])
            totals.append(sum(score for score, _ in scores))
        return totals

    def _loglikelihood_tokens(self, requests: Sequence[Encoded], **_: Any) -> list[tuple[float, bool]]:
        pairs = [self._fit(context, continuation) for _, context, continuation in requests]
        self.examinee.used = self.examinee.used.plus(input_tokens=sum(map(len, {pair.read for pair in pairs})))
        size = self.examinee.parts.size
        parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
        return [result for part in parts for result in self._score(part)]

    def _score(self, pairs: list[Pair]) -> list[tuple[float, bool]]:
        """Of a part, which a killed run may have left."""
        told = 0

        def tell(count: int) -> None:
            nonlocal told
            told += count
            self.advance(count)

        def make() -> list[np.ndarray]:
            size = self.examinee.batch_size
            return [np.array(each) for each in score_pairs(self.examinee.model, pairs, batch_size=size, advance=tell)]

        identity = ["pairs", [[pair.context, pair.continuation] for pair in pairs], self.examinee.batch_size]
        scores = self.examinee.parts.scores(identity, make)
        self.advance(len(pairs) - told)
        return [(float(score), bool(is_greedy)) for score, is_greedy in scores]

    def _fit(self, context: list[int], continuation: list[int]) -> Pair:
        """What is too long loses its beginning, as in the harness."""
        room = self.max_length + 1 - len(continuation)
        assert room > 0, "a continuation is shorter than the model's context"
        return Pair(tuple(context[-room:]), tuple(continuation))

    def generate_until(self, requests: Sequence[Instance], disable_tqdm: bool = False) -> list[str]:  # noqa: ARG002
        """The completion of each request that belongs to the run at hand; all samples are made in the first."""
        groups: dict[str, list[Instance]] = {}
        for request in requests:
            if name_of_request(request) not in self.asking.said:
                groups.setdefault(repr(generation_of_request(request)), []).append(request)
        for group in groups.values():
            self._complete(group)
        return [self.asking.said[name_of_request(request)][self.asking.sample].text for request in requests]

    def _complete(self, requests: Sequence[Instance]) -> None:
        """All samples of requests that are to be generated in the same way."""
        asked: dict[str, Any] = {**normalize_gen_kwargs(generation_of_request(requests[0]), MAX_GEN_TOKS)}
        end = self.tokenizer.decode([self.eot_token_id])
        stops = [stop for stop in handle_stop_sequences(asked["until"], eos=end) if stop]
        reading = Reading(self.examinee, stops, self.asking.strip_thoughts)
        until = Until(
            max_new_tokens=asked["max_gen_toks"],
            temperature=float(asked["temperature"]) if asked["do_sample"] else 0.0,
            has_stopped=reading.has_stopped if stops != [end] else None,
        )
        room = self.max_length - until.max_new_tokens
        assert room > 0, "what_is_too_long is asked first"
        drawn = [(request, sample) for request in requests for sample in range(self.asking.samples)]
        prompts = [self.tok_encode(request.arguments[0])[-room:] for request, _ in drawn]
        keys = [(*self.asking.key, *name_of_request(request), sample) for request, sample in drawn]
        completions = complete_until(self.examinee, prompts, keys, until, self.asking.advance)
        for (request, _), completion in zip(drawn, completions, strict=True):
            self.asking.said.setdefault(name_of_request(request), []).append(reading.read(completion))
