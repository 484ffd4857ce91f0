"""What a person sees while a study runs: each running stage with its speed, and the whole with its ETA.

On a terminal a live display; into a file or a pipe one line for each stage and now and then a line between.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipeline.core.duration import format_count
from pipeline.core.store import Artifact
from pipeline.study import tracker
from pipeline.study.estimate import Estimate
from pipeline.study.node import Node
from pipeline.study.survey import Survey
from pipeline.study.terminal import format_left, format_seconds, say

SECONDS_BETWEEN_LINES = 20.0  # where there is no terminal
SECONDS_OF_A_SPEED = 0.5  # a shorter look shows no speed
WITH_SPEED = ("documents", "problems")  # units whose speed is worth a word; training names its own


@dataclass(slots=True)
class _Running:
    node: Node
    task: TaskID
    started: float
    first: tuple[float, float] | None = None  # when the first word came, and how much was done then
    share: float = 0.0  # of its work
    line: str = ""

    def hear(self, message: tracker.Progress) -> None:
        """Keep how far it is, and the speed since the first word: before it lie imports and loading."""
        now = time.monotonic()
        first_time, first_done = self.first = self.first or (now, message.done)
        seconds = now - first_time
        speed = (message.done - first_done) / seconds if seconds >= SECONDS_OF_A_SPEED else 0.0
        is_worth_it = message.unit in WITH_SPEED and speed >= 1
        parts = [message.note, f"{format_count(speed)} {message.unit}/s" if is_worth_it else ""]
        if is_worth_it and message.done < message.total:
            parts.append(f"{format_left((message.total - message.done) / speed)} left")
        self.line = ", ".join(part for part in parts if part)
        self.share = message.done / message.total


class View:
    """Progress of a graph; a context manager."""

    def __init__(self, console: Console, survey: Survey, num_workers: int) -> None:
        self._console = console
        self._num_workers = num_workers
        self._left = {node.fingerprint: node for node in survey.todo}
        self._num_nodes = len(self._left)
        self._running: dict[str, _Running] = {}
        self._last_line = time.monotonic()
        self._estimate = _estimate_from(survey.nodes, survey.done)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[line]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._whole = self._progress.add_task("[bold]study", total=1.0, line="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, node: Node) -> None:
        """A node went to a worker."""
        task = self._progress.add_task(_name(node), total=None, line="")
        self._running[node.fingerprint] = _Running(node, task, time.monotonic())

    def progressed(self, message: tracker.Progress) -> None:
        """A node told how far it is."""
        running = self._running.get(message.fingerprint)
        if running is not None and message.remark:
            self._say(("note", "yellow"), f" {_name(running.node)}: {message.remark}")
        if running is None or message.total <= 0:
            return
        running.hear(message)
        self._progress.update(running.task, completed=message.done, total=message.total, line=running.line)
        self._show_whole()

    def finished(self, node: Node) -> None:
        """A node is in the store."""
        running, seconds = self._leave(node)
        self._estimate.learn(node, seconds)
        line = f" ({running.line})" if node.stage in ("pretrain", "sft", "eval") and running.line else ""
        self._say(("done", "green"), f" {_name(node)} in {format_seconds(seconds)}{line}")

    def failed(self, node: Node, error: BaseException) -> None:
        """A node could not be built."""
        self._leave(node)
        self._say(("failed", "red"), f" {_name(node)}: {error}")

    def seconds_left(self) -> float:
        """The estimate for the whole."""
        shares = {fingerprint: running.share for fingerprint, running in self._running.items()}
        return self._estimate.left(self._left.values(), shares, self._num_workers)

    def _leave(self, node: Node) -> tuple[_Running, float]:
        running = self._running.pop(node.fingerprint)
        self._progress.remove_task(running.task)
        del self._left[node.fingerprint]
        return running, time.monotonic() - running.started

    def _say(self, *parts: str | tuple[str, str]) -> None:
        left = f", {format_left(self.seconds_left())} left" if self._left else ""
        num_done = self._num_nodes - len(self._left)
        say(self._progress.console, f"[{num_done}/{self._num_nodes}{left}] ", *parts)
        self._last_line = time.monotonic()
        self._show_whole()

    def _show_whole(self) -> None:
        num_done = self._num_nodes - len(self._left)
        if self._console.is_terminal:
            line = f"{num_done} of {self._num_nodes} stages, {format_left(self.seconds_left())} left"
            self._progress.update(self._whole, completed=num_done / self._num_nodes, line=line)
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            running = self._running.values()
            self._say("; ".join(f"{_name(each.node)} {each.share:.0%} {each.line}".strip() for each in running))


def _estimate_from(nodes: list[Node], done: Mapping[str, Artifact]) -> Estimate:
    """What the stages that are done already took."""
    estimate = Estimate()
    for node in nodes:
        if node.fingerprint in done:
            estimate.learn(node, done[node.fingerprint].record.wall_seconds)
    return estimate


def _name(node: Node) -> str:
    return f"{node.stage} {node.label}"
