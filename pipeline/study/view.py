"""What a person sees while a study runs: each running stage with its speed, and the whole with its ETA.

On a terminal a live display; into a file or a pipe one line for each stage and now and then a line between.
"""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipeline.core.duration import format_count
from pipeline.study import tracker
from pipeline.study.node import Node

SECONDS_BETWEEN_LINES = 30.0  # where there is no terminal


@dataclass(slots=True)
class _Running:
    node: Node
    task: TaskID
    started: float
    share: float = 0.0  # of its work
    line: str = ""


class View:
    """Progress of a graph; a context manager. The estimate weighs nodes by their rough work."""

    def __init__(self, console: Console, todo: list[Node], num_workers: int, scale: float = 1.0) -> None:
        self._console = console
        self._num_workers = num_workers
        self._scale = scale  # seconds a unit of work takes here; learnt as nodes finish
        self._work_left = sum(node.work for node in todo)
        self._num_nodes = len(todo)
        self._num_done = 0
        self._busy_seconds, self._busy_work = 0.0, 0.0
        self._running: dict[str, _Running] = {}
        self._last_line = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._whole = self._progress.add_task("[bold]study", total=self._num_nodes, speed="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, node: Node) -> None:
        """A node went to a worker."""
        task = self._progress.add_task(_name(node), total=None, speed="")
        self._running[node.fingerprint] = _Running(node, task, time.monotonic())

    def progressed(self, message: tracker.Progress) -> None:
        """A node told how far it is."""
        running = self._running.get(message.fingerprint)
        if running is None or message.total <= 0:
            return
        seconds = max(time.monotonic() - running.started, 1e-9)
        running.share = message.done / message.total
        speed = f"{format_count(message.done / seconds)} {message.unit}/s " if message.done else ""
        running.line = f"{speed}{message.note}"
        self._progress.update(running.task, completed=int(message.done), total=int(message.total), speed=running.line)
        self._show_whole()

    def finished(self, node: Node) -> None:
        """A node is in the store."""
        seconds, line = self._leave(node)
        self._busy_seconds += seconds
        self._busy_work += node.work
        self._scale = self._busy_seconds / max(self._busy_work, 1e-9)
        self._say(f"[green]done[/] {_name(node)} in {format_seconds(seconds)} {line}")

    def failed(self, node: Node, error: BaseException) -> None:
        """A node could not be built."""
        self._leave(node)
        self._say(f"[red]failed[/] {_name(node)}: {type(error).__name__}: {error}")

    def seconds_left(self) -> float:
        """The estimate for the whole: work left, at the speed seen so far, over the workers."""
        under_way = sum(running.share * running.node.work for running in self._running.values())
        return max(self._work_left - under_way, 0.0) * self._scale / self._num_workers

    def _leave(self, node: Node) -> tuple[float, str]:
        running = self._running.pop(node.fingerprint)
        self._progress.remove_task(running.task)
        self._work_left -= node.work
        self._num_done += 1
        return time.monotonic() - running.started, running.line

    def _say(self, text: str) -> None:
        left = format_seconds(self.seconds_left())
        self._progress.console.print(f"[{self._num_done}/{self._num_nodes}, about {left} left] {text}", highlight=False)
        self._progress.update(self._whole, completed=self._num_done)
        self._show_whole()

    def _show_whole(self) -> None:
        self._progress.update(self._whole, speed=f"about {format_seconds(self.seconds_left())} left")
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = now
            lines = "; ".join(f"{_name(each.node)} {each.share:.0%} {each.line}" for each in self._running.values())
            left = format_seconds(self.seconds_left())
            self._console.print(f"[{self._num_done}/{self._num_nodes}, about {left} left] {lines}", highlight=False)


def _name(node: Node) -> str:
    return f"{node.stage} {node.label}"


def format_seconds(seconds: float) -> str:
    """`8 s`, `4 min 10 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
