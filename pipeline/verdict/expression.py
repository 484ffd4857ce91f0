"""A contrast as it is written, as weights of checkpoints: `mean(shq, ldq) - none` is {shq: .5, ldq: .5, none: -1}.

    contrast = term {(" + " | " - ") term}
    term     = "mean(" checkpoint {", " checkpoint} ")" | "(" contrast ")" | checkpoint

A checkpoint is `ldq` (after pretraining), `ldq > shq`, `none > 2x shq` (after SFT), `ldq > shq > rl`. Python's own
grammar cannot be used: `ldq > 2x shq` is no expression of it, and names may hold dots.
"""

import re
from collections.abc import Mapping

Contrast = dict[str, float]  # checkpoint -> weight; the weights sum to 0
ARROW = " > "
_TOKEN = re.compile(r"\s*(mean\(|[(),]| [+-] (?=\S))")
_NAME = re.compile(r"[\w.=@/-]+( > (\d[\d.]*x )?[\w.=@/-]+){0,2}")
_MOMENTS = ("pretrain", "sft", "rl")


def contrast_of(text: str) -> Contrast:
    """Weights by checkpoint. Raises ValueError with the text and what is wrong with it."""
    reader = _Reader(text)
    found = {name: weight for name, weight in reader.whole().items() if abs(weight) > 1e-12}
    if not found:
        raise ValueError(f"contrast {text!r} compares a checkpoint with itself; name two")
    total = sum(found.values())
    if abs(total) > 1e-9:
        raise ValueError(f"contrast {text!r} is no difference: its weights sum to {total:g}; write A - B")
    return found


def moments_of(contrast: Mapping[str, float]) -> set[str]:
    """The trainings that its checkpoints come from: pretrain, sft, rl."""
    return {moment_of(name) for name in contrast}


def moment_of(checkpoint: str) -> str:
    """The training that a checkpoint comes from, told by its name."""
    return _MOMENTS[checkpoint.count(ARROW)]


class _Reader:
    """Reads from left to right; every mistake names the whole text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [part.strip() for part in _TOKEN.split(text) if part.strip()]
        self.at = 0

    def whole(self) -> Contrast:
        result = self._sum()
        if self.at < len(self.tokens):
            raise self._wrong(f"does not go on with {self.tokens[self.at]!r}")
        return result

    def _sum(self) -> Contrast:
        result = self._term()
        while self._next() in ("+", "-"):
            sign = 1.0 if self._take() == "+" else -1.0
            for name, weight in self._term().items():
                result[name] = result.get(name, 0.0) + sign * weight
        return result

    def _term(self) -> Contrast:
        token = self._take()
        if token == "(":  # noqa: S105 - no password
            inner = self._sum()
            self._expect(")")
            return inner
        if token == "mean(":  # noqa: S105
            return self._mean()
        return {self._name(token): 1.0}

    def _mean(self) -> Contrast:
        names = [self._name(self._take())]
        while self._next() == ",":
            self._take()
            names.append(self._name(self._take()))
        self._expect(")")
        if len(set(names)) < len(names):
            raise self._wrong("names a checkpoint twice in one mean")
        return dict.fromkeys(names, 1 / len(names))

    def _name(self, token: str) -> str:
        name = " ".join(token.split())
        if not _NAME.fullmatch(name):
            raise self._wrong(f"has {token!r} where a checkpoint such as `ldq` or `ldq > shq` should stand")
        return name

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self.at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise self._wrong(f"lacks a {token!r}")

    def _wrong(self, why: str) -> ValueError:
        return ValueError(f"contrast {self.text!r} {why}")
