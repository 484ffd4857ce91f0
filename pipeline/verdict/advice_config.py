"""What somebody who has two pools of reasoning data asks: light, so that the door need not load a fit."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count


class Asked(Config):
    """Two pools, how much of each there is, and how many reasoning tokens are to be spent in all."""

    pools: dict[str, Count] = Field(min_length=1)
    """Corpus to unique tokens; the corpora are those that the sweep's `pools` know."""
    budget: Count = Field(gt=0)
    max_repetitions: float = Field(default=4.0, gt=0)
    """How often a pool may be read."""

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        most = sum(self.pools.values()) * self.max_repetitions
        if most < self.budget:
            raise ValueError(
                f"pools of {sum(self.pools.values())} tokens read {self.max_repetitions:g} times are less than the "
                f"budget of {self.budget}; lower advice.budget or raise advice.max_repetitions"
            )
        return self
