"""How a stage reports while it runs: numbers to a log, progress to whoever watches."""

from collections.abc import Mapping
from typing import Protocol


class Tracker(Protocol):
    """What a room may say while it works; the runner decides where it goes (file, terminal, W&B)."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record numbers at a step; steps do not go back."""
        ...

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """Say how far the stage is: done of total, in a unit (tokens, problems, documents)."""
        ...

    def remark(self, step: int, line: str) -> None:
        """Record what a person should know and no number tells: a loss spike, a damaged restart point."""
        ...


class Silent:
    """A tracker that tells nobody: for tests and for calls from a notebook."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Drop the numbers."""

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """Drop the progress."""

    def remark(self, step: int, line: str) -> None:
        """Drop the remark."""
