"""What an eval stage asks of every checkpoint."""

from pydantic import Field

from pipeline.core.config import Config
from pipeline.tasks.suite import Suite

VERSION = 1  # raised when the same checkpoint and config would give other rows


class Eval(Config):
    """Suites, and how their problems are put to a model."""

    suites: tuple[Suite, ...]
    max_new_tokens: int = Field(ge=1)  # a completion that is longer has no answer
    traces: int = Field(default=4, ge=0)  # sampled traces a graded problem
    graded_problems: int = Field(ge=0)  # a task: the keyed subset that is graded; 0: no graded metric
    temperature: float = Field(default=1.0, gt=0)  # of the sampled traces; greedy answers have none
    logprob: bool = False  # also the gold answer's log-probability after the prompt alone: a probe of style
    heldout_documents: int = Field(default=256, ge=0)  # a corpus: documents scored for bits per byte
    heldout_crop: int = Field(default=1024, ge=2)  # tokens: of a longer document this many are scored
    batch_size: int = Field(default=128, ge=1)  # rows generated or scored together
    threads: int = Field(default=1, ge=1)
