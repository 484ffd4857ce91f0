"""What a document must be like to stay."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.core.config import Config

VERSION = 1  # raised when the same input and config would give other documents or another card


class Curation(Config):
    """Filters of one corpus. The world passes exact deduplication and the structural split check only."""

    is_world: bool = False  # natural text: n-gram decontamination; the world: the structural split
    min_answer_words: int = Field(default=0, ge=0)  # trace and answer together; questions only
    min_steps: int = Field(default=0, ge=0)  # written in the trace; questions only
    decontaminate: bool = False  # natural text only: the world's 280 words share n-grams by nature
    ngram: int = Field(default=13, gt=1)  # words in a row that a document may not share with an eval question

    @model_validator(mode="after")
    def _leaves_the_world_whole(self) -> Self:
        if self.is_world and self.decontaminate:
            raise ValueError(
                "curation decontaminate=true is for natural text; the world has its structural split instead"
            )
        return self
