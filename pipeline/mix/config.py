"""A data mix as people write it, and with its budget: tables that can be looked at before anything runs."""

from fractions import Fraction
from math import isfinite
from typing import Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.core.plan import LossRule, Unit

VERSION = 1  # raised when the same input and config would give another plan
MOST_SOURCES = 127  # a batch names a token's source in one byte


class MixTable(Config):
    """Shares of corpora, how often one may be repeated, and how often it is to be repeated where that is wanted.

    The budget, with its unit, stands in the recipe: `phases.NAME.tokens`, `sft.loss_tokens`.
    """

    weights: dict[str, float] = {}  # corpus -> share, positive; normalised once. Empty: no mix
    max_repetitions: float = 4.0  # passes over one corpus that are allowed
    # Repetition-matched subsets: of these corpora only a keyed part is used, so small that it is read so often.
    passes: dict[str, float] = Field(default={}, exclude_if=lambda passes: not passes)
    # The same for all others: as often as a budget of this size (of the same unit) would read them.
    target_budget: Count | None = Field(default=None, exclude_if=lambda budget: budget is None)

    @model_validator(mode="after")
    def _can_be_mixed(self) -> Self:
        check_weights(self.weights)
        if not (isfinite(self.max_repetitions) and self.max_repetitions > 0):
            raise ValueError(f"max_repetitions is {self.max_repetitions:g}; say how many passes are allowed, above 0")
        if strangers := sorted(set(self.passes) - set(self.weights)):
            raise ValueError(f"passes names {strangers[0]!r}, which has no weight; give it one, or leave it out")
        check_passes(self.passes)
        if self.target_budget == 0:
            raise ValueError("target_budget is 0; give the budget at the target scale, such as 80B, or leave it out")
        return self


class Declared(Config):
    """What others state of a corpus that is not here: for plans, until the corpus is built and counted."""

    tokens: Count = Field(gt=0)
    documents: Count = Field(gt=0)
    answers: float = Field(default=1.0, gt=0, le=1)  # share of the tokens that is answers, which carry loss in SFT
    by: str  # who states it
    unverified: tuple[str, ...] = ()  # what of the corpus's file nobody has checked: a column's name, a size


class Mixing(Config):
    """Relative weights of corpora, a budget, and how many passes over one corpus are allowed."""

    weights: dict[str, float] = Field(min_length=1)  # corpus -> share, positive; normalised once
    budget: Count  # of the unit
    unit: Unit  # what budget and shares count
    loss: LossRule  # which tokens carry loss
    max_repetitions: dict[str, float]  # corpus -> passes over it that are allowed
    sequence_length: int = Field(gt=1)  # tokens a row
    block_rows: int = Field(default=256, gt=0)  # packed together; world-like lengths pad 1.7 % (64 rows: 4.6 %)
    stream_key: str  # names the random stream: study, seed and phase
    # No literals where they are not used: corpus -> passes over a part of it; corpus -> budget whose passes are wanted.
    passes: dict[str, float] = Field(default={}, exclude_if=lambda passes: not passes)
    target_budgets: dict[str, Count] = Field(default={}, exclude_if=lambda budgets: not budgets)
    subset_key: str = Field(default="", exclude_if=lambda key: not key)  # draws those parts: study and seed

    @model_validator(mode="after")
    def _is_positive(self) -> Self:
        if self.budget <= 0:
            raise ValueError("mix budget is 0; give a count such as 1.7M")
        for corpus in self.weights:
            cap = self.max_repetitions.get(corpus, 0)
            if not (cap > 0 and isfinite(cap)):
                raise ValueError(f"mix has no max_repetitions above 0 for {corpus!r}; say how many passes are allowed")
        check_weights(self.weights)
        check_passes(self.passes)
        if len(self.weights) > MOST_SOURCES:
            raise ValueError(f"a mix of {len(self.weights)} corpora; {MOST_SOURCES} at most, so join some")
        return self


def shares_of(config: Mixing) -> dict[str, Fraction]:
    """The weights, normalised: they sum to 1 exactly. In the order of the corpora's names."""
    total = sum(Fraction(weight) for weight in config.weights.values())
    return {corpus: Fraction(config.weights[corpus]) / total for corpus in sorted(config.weights)}


def check_weights(weights: dict[str, float]) -> None:
    """Raise ValueError for a weight that is not positive, or no number."""
    for corpus, weight in weights.items():
        if not (weight > 0 and isfinite(weight)):
            raise ValueError(
                f"mix weight of {corpus!r} is {weight:g}: weights are positive; leave the corpus out instead"
            )


def check_passes(passes: dict[str, float]) -> None:
    """Raise ValueError for a number of passes that nothing can be read."""
    for corpus, number in passes.items():
        if not (number > 0 and isfinite(number)):
            raise ValueError(f"passes of {corpus!r} are {number:g}; give a number above 0, or leave it out")
