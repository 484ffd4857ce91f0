"""The machine's business: paths, workers, logging, where jobs run. None of it enters a fingerprint."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline.core.config import Config
from pipeline.core.executor import Executor


class Context(Config):
    """The machine's business: none of it changes a result."""

    store: Path = Path("runs")
    data_root: Path | None = None
    workers: int = Field(default=0, ge=0)  # 0: one for each core
    tracking: Literal["offline", "online", "off"] = "offline"
    lock: Literal["kernel", "lease"] = "kernel"
    results: Path = Path("docs/results")  # committed ones
    ranks: int = Field(default=0, ge=0)  # of a cluster's job, on each node, for training.parallel; 0: one for each GPU
    executor: Executor = Executor()  # of datatrove's pipelines: processes here, or Slurm jobs
    between: tuple[Path, ...] = ()  # with stage=crossover: two folders of evals
    completions: Path | None = None  # with stage=score: a file of them
    checkpoint: str | None = None  # with stage=eval: this one (a folder, or a name on the hub), outside any chain

    def absolute(self) -> "Context":
        """The same from any working directory, for jobs elsewhere."""
        roots = {"store": self.store.absolute(), "data_root": self.data_root and self.data_root.absolute()}
        return self.model_copy(update=roots)


CONTEXT_KEYS = tuple(Context.model_fields)
