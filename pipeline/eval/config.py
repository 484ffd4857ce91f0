"""What an eval stage asks of every checkpoint."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.lm.generation.backends import Backend, best_backend
from pipeline.tasks.absent import Absent
from pipeline.tasks.suite import Suite

VERSION = 5  # raised when the same checkpoint and config would give other rows
_VLLM_HOTTEST = 2.0


class Eval(Config):
    """Suites, and how their problems are put to a model."""

    suites: tuple[Suite, ...]
    missing: tuple[Absent, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Suites whose file is not there, taken out of `suites` by the study: told in the summary, and asked anew once they
    are there.
    """
    max_new_tokens: int = Field(ge=1)  # a completion that is longer has no answer
    traces: int = Field(default=4, ge=0)  # sampled traces a graded problem
    graded_problems: int = Field(ge=0)  # a task: the keyed subset that is graded; 0: no graded metric
    temperature: float = Field(default=1.0, gt=0)  # of the sampled traces; greedy answers have none
    samples: int = Field(default=0, ge=0)  # sampled answers a problem, for pass@k and the majority; 0: none
    samples_temperature: float = Field(default=1.0, gt=0)
    ks: tuple[int, ...] = ()  # of pass@k; where none is given, the powers of two up to `samples`
    sampled_problems: int | None = Field(default=None, ge=1)  # a task: the keyed subset that is sampled, or all
    logprob: bool = False  # also the gold answer's log-probability after the prompt alone: a probe of style
    heldout_documents: int = Field(default=256, ge=0)  # a corpus: documents scored for bits per byte
    heldout_crop: int = Field(default=1024, ge=2)  # tokens: of a longer document this many are scored
    engine: Backend = "own"  # who writes completions; auto, as the recipes have it: vllm where that can run
    vllm_dtype: Literal["float32", "bfloat16"] = "float32"  # of vLLM's own copy of the weights
    batch_size: int = Field(default=128, ge=1)  # rows generated or scored together
    part_size: int = Field(default=512, ge=1)  # completions that are kept together: what a killed eval loses
    threads: int = Field(default=1, ge=1)

    @field_validator("engine", mode="before")
    @classmethod
    def _chosen(cls, engine: str) -> str:
        """What `auto` comes to here is a literal, as precision is."""
        return best_backend() if engine == "auto" else engine

    @model_validator(mode="after")
    def _can_be_estimated(self) -> Self:
        for k in self.ks:
            if not 1 <= k <= self.samples:
                raise ValueError(
                    f"pass@{k} cannot be estimated from samples={self.samples}; give eval.samples of {k} or more"
                )
        hottest = max(self.temperature, self.samples_temperature)
        if self.engine == "vllm" and hottest > _VLLM_HOTTEST:
            raise ValueError(f"vLLM samples at temperatures up to 2, not at {hottest}; lower it, or say engine=own")
        return self

    @property
    def asked_ks(self) -> tuple[int, ...]:
        """The k of pass@k, ascending; none where nothing is sampled."""
        powers = (2**exponent for exponent in range(self.samples.bit_length()))
        return tuple(sorted(set(self.ks))) or tuple(k for k in powers if k <= self.samples)
