"""What a model and its training are made of. Threads, precision and compile change the bits, so they stand here."""

import math
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count

VERSION = 1  # raised when the same config and tokens would give other weights

# Model types whose every layer obeys the 4-axis mask, held by a test: a packed row equals its documents alone.
# State-space and convolution layers mix neighbours whatever the mask says, so hybrids need more than a mask.
DENSE_TYPES = ("llama", "olmo2", "qwen2", "qwen3", "smollm3")

Extra = bool | int | float | str | list[str]


class Model(Config):
    """A causal language model that transformers ships, by its own names.

    `extra` reaches the transformers config as it is (`rope_theta`, `layer_types`, ...). Unless it says otherwise
    `head_dim` is `hidden_size / num_attention_heads`: some model types would silently default to 128.
    """

    model_type: str = "qwen3"
    hidden_size: int = Field(gt=0)
    num_hidden_layers: int = Field(gt=0)
    num_attention_heads: int = Field(gt=0)
    num_key_value_heads: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)
    max_position_embeddings: int = Field(gt=0)
    tie_word_embeddings: bool = True
    extra: dict[str, Extra] = Field(default_factory=dict[str, Extra])

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if self.model_type not in DENSE_TYPES:
            raise ValueError(f"model_type {self.model_type!r} cannot be packed; use one of {', '.join(DENSE_TYPES)}")
        if self.hidden_size % self.num_attention_heads and "head_dim" not in self.extra:
            raise ValueError(
                f"hidden_size {self.hidden_size} is no multiple of num_attention_heads {self.num_attention_heads}; "
                "change one, or give extra.head_dim"
            )
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} is no multiple of num_key_value_heads "
                f"{self.num_key_value_heads}; change one"
            )
        return self


class Optimizer(Config):
    """AdamW. Weight decay falls on matrices (embeddings too), never on norms and biases."""

    lr: float
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    weight_decay: float = Field(default=0.1, ge=0)
    clip: float = Field(default=1.0, gt=0)  # largest global gradient norm

    @field_validator("lr")
    @classmethod
    def _positive(cls, lr: float) -> float:
        if not (math.isfinite(lr) and lr > 0):
            raise ValueError(f"a learning rate of {lr} trains nothing; give a positive number such as 1e-3")
        return lr


class Schedule(Config):
    """Warmup, stable, decay (WSD): fractions of this stage's own budget, so that phases can share a trunk."""

    warmup: float = Field(default=0.0, ge=0, le=1)  # linear from 0
    decay: float = Field(default=0.0, ge=0, le=1)  # linear to `min_ratio`, at the end
    min_ratio: float = Field(default=0.0, ge=0, le=1)  # of the learning rate

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.warmup + self.decay > 1:
            raise ValueError(f"warmup {self.warmup} and decay {self.decay} are more than the whole stage; lower one")
        return self


class Training(Config):
    """How the loop steps. All of it changes the bits of the result, at least in their last places."""

    batch_rows: int = Field(gt=0)  # rows of `sequence_length` tokens in one step
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = False
    threads: int = Field(default=1, gt=0)
    micro_batch_rows: int | None = Field(default=None, gt=0)  # rows at once in memory; all of them where not given
    log_every: int = Field(gt=0)  # steps
    checkpoint_every: Count = Field(gt=0)  # tokens of input between two restart points

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.batch_rows % self.rows_at_once:
            raise ValueError(
                f"micro_batch_rows {self.micro_batch_rows} does not divide batch_rows {self.batch_rows}; "
                "give one that does"
            )
        return self

    @property
    def rows_at_once(self) -> int:
        """Rows of one forward and backward pass."""
        return self.micro_batch_rows or self.batch_rows
