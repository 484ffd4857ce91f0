"""A suite of code problems: which benchmark, from which file, within which limits."""

from typing import Literal

from pydantic import Field

from pipeline.core.config import Config
from pipeline.tasks.sandbox.outcome import Limits

Benchmark = Literal["humaneval", "mbpp", "cruxeval"]


class CodeSuite(Config):
    """The first problems of a code benchmark's test split."""

    benchmark: Benchmark
    path: str
    """Below `data_root`, such as `humaneval/HumanEval.jsonl.gz`."""
    num_problems: int | None = Field(ge=1)
    """None: all of the split."""
    limits: Limits = Limits()
    """Of each program that is run; CRUXEval runs none."""
    checksum: str = ""
    """Of the file's content, filled in by the study so that it is part of what is asked."""
