"""What a model and its training are made of. Threads, precision and compile change the bits, so they stand here."""

import math
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.lm import hybrids, kinds

VERSION = 2  # raised when the same config and tokens would give other weights

_RESTART_POINTS = 2  # kept: the newest, and one to fall back on

Extra = bool | int | float | str | list[int] | list[str]


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
        kinds.check(self.model_type)
        heads = (self.num_attention_heads, self.num_key_value_heads)
        kinds.check_heads(self.hidden_size, *heads, has_head_dim="head_dim" in self.extra)
        hybrids.check(self.model_type, self.num_hidden_layers, self.hidden_size, self.tie_word_embeddings, self.extra)
        return self


class Optimizer(Config):
    """AdamW; or Muon on the hidden matrices, with AdamW on the rest. Weight decay falls on matrices (embeddings too),
    never on norms and biases.
    """

    kind: Literal["adamw", "muon"] = "adamw"
    lr: float  # the largest; the schedule multiplies it
    # With Muon: the learning rate of what AdamW trains, in parts of `lr`.
    adamw_rate: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    betas: tuple[float, float] = (0.9, 0.98)  # AdamW's
    momentum: float = Field(default=0.95, ge=0, lt=1)  # Muon's, Nesterov
    eps: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    clip: float = Field(default=1.0, gt=0)  # largest global gradient norm; inf: no clipping

    @field_validator("lr")
    @classmethod
    def _positive(cls, lr: float) -> float:
        if not (math.isfinite(lr) and lr > 0):
            raise ValueError(f"a learning rate of {lr} trains nothing; give a positive number such as 1e-3")
        return lr

    @field_validator("betas")
    @classmethod
    def _fractions(cls, betas: tuple[float, float]) -> tuple[float, float]:
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas {list(betas)} are no averages; give two numbers from 0 to below 1")
        return betas


ScheduleKind = Literal["wsd", "cosine", "constant"]


class Schedule(Config):
    """The learning rate over a stage, in fractions of the stage's own budget (`schedule` has the formulas).

    wsd: warmup, stable, decay. cosine: warmup, then half a cosine down to `min_ratio`. constant: warmup, then flat.
    """

    kind: ScheduleKind = "wsd"
    warmup: float = Field(default=0.0, ge=0, le=1)  # linear from 0
    decay: float = Field(default=0.0, ge=0, le=1)  # wsd only: linear to `min_ratio`, at the end
    min_ratio: float = Field(default=0.0, ge=0, le=1)  # of the learning rate

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_schedule(self.kind, self.warmup, self.decay)
        return self


def check_schedule(kind: ScheduleKind, warmup: float, decay: float) -> None:
    """Raise ValueError where fractions exceed the stage, or a decay is named that the kind does not have."""
    if warmup + decay > 1:
        raise ValueError(f"warmup {warmup} and decay {decay} are more than the whole stage; lower one")
    if decay and kind != "wsd":
        raise ValueError(f"decay={decay} belongs to the schedule wsd; leave it out of {kind}, or ask for wsd")


Parallel = Literal["none", "ddp", "fsdp"]


class Training(Config):
    """How the loop steps. All of it changes the bits of the result, at least in their last places.

    `parallel` too: none trains on one rank, ddp holds the whole model on each, fsdp a part of every tensor on each. The
    number of ranks changes the last places as well, yet it is no literal but stands in the record, as the device does:
    it is where a run happens to be, and a run may be carried on at another number.
    """

    batch_rows: int = Field(gt=0)  # rows of `sequence_length` tokens in one step
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = False
    threads: int = Field(default=1, gt=0)
    micro_batch_rows: int | None = Field(default=None, gt=0)  # rows at once in memory; all of a rank's where not given
    parallel: Parallel = Field(default="none", exclude_if=lambda how: how == "none")  # no literal then
    log_every: int = Field(gt=0)  # steps
    checkpoint_every: Count = Field(gt=0)  # tokens of input between two restart points
    # Left out of the literals where they stand at their defaults: they change no weights.
    restart_points: int = Field(default=_RESTART_POINTS, gt=0, exclude_if=lambda number: number == _RESTART_POINTS)
    keep_at: tuple[Count, ...] = Field(default=(), exclude_if=lambda counts: not counts)  # of the budget's unit

    @field_validator("keep_at")
    @classmethod
    def _rising(cls, counts: tuple[int, ...]) -> tuple[int, ...]:
        if any(after <= before for before, after in pairwise((0, *counts))):
            raise ValueError(f"keep_at {list(counts)} does not rise from above 0; order the counts, each once")
        return counts

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
