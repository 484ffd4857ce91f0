"""A data mix with its budget: a table that can be looked at before anything runs."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.core.plan import LossRule, Unit

VERSION = 1  # raised when the same input and config would give another plan


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

    @model_validator(mode="after")
    def _is_positive(self) -> Self:
        if self.budget <= 0:
            raise ValueError("mix budget is 0; give a count such as 1.7M")
        for corpus, weight in self.weights.items():
            if not self.max_repetitions.get(corpus, 0) > 0:
                raise ValueError(f"mix has no max_repetitions above 0 for {corpus!r}; say how many passes are allowed")
            if not weight > 0:
                raise ValueError(
                    f"mix weight of {corpus!r} is {weight}: weights are positive; leave the corpus out instead"
                )
        return self
