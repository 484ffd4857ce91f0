"""What a contender's process is told, what it tells, and the arithmetic on it."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Self

import orjson

ROWS, LENGTH = 8, 144  # of a batch: the tunnel's

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training run of one contender."""

    library: str  # one of `contenders.__main__`
    folder: str  # of `world.prepare`
    model: Literal["lfm2", "qwen3"]
    precision: Precision
    compiled: bool
    steps: int
    log_every: int
    threads: int
    litgpt: str = ""  # folder that litgpt is installed in
    out: str = ""  # ours: where it is carried on from; empty: nowhere
    stop_at: int = 0  # ours: the step at which it gets a SIGTERM; 0: never
    is_tracked: bool = False  # ours: logs as in a study, and its parts are timed

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.library} {self.precision}{' compiled' if self.compiled else ''}"


@dataclass(frozen=True, kw_only=True)
class Window:
    """The steps between two rows of a contender's log."""

    steps: int
    seconds: float
    cpu_seconds: float  # of all threads of the process
    loss: float  # mean, nats a target
    ended_at: float  # Unix seconds


@dataclass(frozen=True, kw_only=True)
class Result:
    """Of one job. The first window holds the start of the run and what is compiled; it never counts for speed."""

    windows: list[Window]
    peak_bytes: int = 0  # largest resident set of the process
    parameters: int = 0
    shares: dict[str, float] = field(default_factory=dict[str, float])  # of the time after the first window

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_bytes(orjson.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        data = orjson.loads(path.read_bytes())
        return cls(**data | {"windows": [Window(**window) for window in data["windows"]]})

    @property
    def tokens_per_second(self) -> float:
        """Positions trained on, padding included: the same rows for all."""
        later = self.windows[1:]
        return ROWS * LENGTH * sum(window.steps for window in later) / sum(window.seconds for window in later)

    @property
    def tokens_per_cpu_second(self) -> float:
        """The same over the CPU-seconds of the process: on one thread, what a core of its own would give."""
        later = self.windows[1:]
        return ROWS * LENGTH * sum(window.steps for window in later) / sum(window.cpu_seconds for window in later)

    @property
    def start_seconds(self) -> float:
        """What the first window took beyond its steps' share: building the model, and compiling it."""
        later = self.windows[1:]
        a_step = sum(window.seconds for window in later) / sum(window.steps for window in later)
        return self.windows[0].seconds - self.windows[0].steps * a_step

    def cpu_seconds_to(self, loss: float) -> float | None:
        """Steps to the first window whose mean loss is no higher, times the median CPU-seconds a step.

        None where the loss was not reached. Neither compiling nor the start counts.
        """
        a_step = statistics.median(window.cpu_seconds / window.steps for window in self.windows[1:])
        steps = 0
        for window in self.windows:
            steps += window.steps
            if window.loss <= loss:
                return steps * a_step
        return None


def reached_by_all(results: Sequence[Result]) -> float:
    """The lowest loss that every one of them reached in some window."""
    return max(min(window.loss for window in result.windows) for result in results)
