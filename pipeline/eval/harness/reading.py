"""What the harness scores of a completion: decoded as it does, cut at a stop text, behind the thought if so asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval.models.utils import postprocess_generated_text

from pipeline.core.chat import THINK, UNTHINK
from pipeline.eval.examinee import Examinee


@dataclass(frozen=True, slots=True)
class Said:
    """One completion."""

    text: str  # as the harness scores it
    whole: str  # all of it, marks included
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How completions are read."""

    examinee: Examinee
    stops: Sequence[str]
    strip_thoughts: bool

    def read(self, completion: Sequence[int]) -> Said:
        """A completion as it is scored, and as it was."""
        text = postprocess_generated_text(self._scored(completion), list(self.stops), None)
        return Said(text, self.examinee.decode(completion), len(completion))

    def has_stopped(self, said: Sequence[int]) -> bool:
        """Whether a stop text was said; one inside a thought that is stripped stops nothing."""
        if self.strip_thoughts and self._is_thinking(said):
            return False
        text = self._scored(said)
        return any(stop in text for stop in self.stops)

    def _scored(self, completion: Sequence[int]) -> str:
        unthink = self.examinee.ids[UNTHINK]
        if not self.strip_thoughts or unthink not in completion:
            return self._decode(completion)
        last = len(completion) - completion[::-1].index(unthink)
        return self._decode(completion[last:]).lstrip()

    def _is_thinking(self, said: Sequence[int]) -> bool:
        has_begun = self.examinee.opens_thought or self.examinee.ids[THINK] in said
        return has_begun and self.examinee.ids[UNTHINK] not in said

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self.examinee.tokenizer.decode(list(tokens), skip_special_tokens=True))
