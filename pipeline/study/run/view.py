"""What a person sees while a study runs: what runs, with its loss and speed, what waits, what failed, and the ETA.

On a terminal a live display; into a file or a pipe one line for each stage and now and then a line between.
"""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from pipeline.study.nodes.node import Node
from pipeline.study.run import tracker
from pipeline.study.run.display import Display
from pipeline.study.run.estimate import Estimate
from pipeline.study.run.running import Running, name_of
from pipeline.study.run.survey import Survey
from pipeline.study.terminal import format_left, format_seconds

SECONDS_BETWEEN_LINES = 20.0  # where there is no terminal


class View:
    """Progress of a graph; a context manager."""

    def __init__(self, console: Console, survey: Survey, num_workers: int, estimate: Estimate | None = None) -> None:
        self._console = console
        self._num_workers = num_workers
        self._left = {node.fingerprint: node for node in survey.todo}
        self._num_nodes = len(self._left)
        self._running: dict[str, Running] = {}
        self._elsewhere: set[str] = set()  # what other processes are at
        self._num_failed = 0
        self._last_line = time.monotonic()
        self._estimate = estimate or Estimate()
        self._progress = Display(console)
        self._whole = self._progress.add_task("study", total=1.0, line="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, node: Node) -> None:
        """A node went to a worker."""
        self._elsewhere.discard(node.fingerprint)
        task = self._progress.add_task(name_of(node), total=None, line="")
        self._running[node.fingerprint] = Running(node, task, time.monotonic())
        self._show_whole()

    def progressed(self, message: tracker.Progress) -> None:
        """A node told how far it is."""
        running = self._running.get(message.fingerprint)
        if running is not None and message.remark:
            self._say(("note", "yellow"), f" {name_of(running.node)}: {message.remark}")
        if running is None or message.total <= 0:
            return
        running.hear(message)
        self._progress.update(running.task, completed=message.done, total=message.total, line=running.line)
        self._show_whole()

    def finished(self, node: Node) -> None:
        """A node is in the store."""
        running, seconds = self._leave(node)
        self._estimate.learn(node, seconds)
        told = running.last_words if node.stage in ("pretrain", "sft", "eval") else ""
        line = f" ({told})" if told else ""
        self._say(("done", "green"), f" {name_of(node)} in {format_seconds(seconds)}{line}")

    def found(self, node: Node) -> None:
        """Another process has built a node."""
        self._elsewhere.discard(node.fingerprint)
        if self._left.pop(node.fingerprint, None) is not None:
            self._say(("done", "green"), f" {name_of(node)} by another process")

    def waits_for_others(self, node: Node) -> None:
        """Another process is at a node; said once."""
        if node.fingerprint not in self._elsewhere:
            self._elsewhere.add(node.fingerprint)
            self._say(f"another process is at {name_of(node)}")

    def gave_back(self, node: Node, why: str = "") -> None:
        """A node was not built after all; it is tried again, or another process is at it."""
        running = self._running.pop(node.fingerprint, None)
        if running is not None:
            self._progress.remove_task(running.task)
        if why:
            self._say(("note", "yellow"), f" {name_of(node)}: {why}")

    def failed(self, node: Node, error: BaseException) -> None:
        """A node could not be built."""
        self._leave(node)
        self._num_failed += 1
        self._say(("failed", "red"), f" {name_of(node)}: {error}")

    def seconds_left(self) -> float:
        """The estimate for the whole."""
        shares = {fingerprint: running.share for fingerprint, running in self._running.items()}
        return self._estimate.left(self._left.values(), shares, self._num_workers)

    def _leave(self, node: Node) -> tuple[Running, float]:
        running = self._running.pop(node.fingerprint)
        self._progress.remove_task(running.task)
        self._left.pop(node.fingerprint, None)
        return running, time.monotonic() - running.started

    def _say(self, *parts: str | tuple[str, str]) -> None:
        left = f", {format_left(self.seconds_left())} left" if self._left else ""
        num_done = self._num_nodes - len(self._left) - self._num_failed
        line = Text.assemble(f"[{num_done}/{self._num_nodes}{left}] ", *parts)
        self._console.print(line, soft_wrap=not self._console.is_terminal)  # there it breaks between words
        self._last_line = time.monotonic()
        self._show_whole()

    def _show_whole(self) -> None:
        num_done = self._num_nodes - len(self._left) - self._num_failed
        if self._console.is_terminal:
            self._progress.update(self._whole, completed=num_done / self._num_nodes, line=self._summary(num_done))
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            running = self._running.values()
            self._say("; ".join(f"{name_of(each.node)} {each.share:.0%} {each.line}".strip() for each in running))

    def _summary(self, num_done: int) -> str:
        counts = {
            "running": len(self._running),
            "elsewhere": len(self._elsewhere),
            "waiting": len(self._left) - len(self._running) - len(self._elsewhere),
            "failed": self._num_failed,
        }
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        left = f"{format_left(self.seconds_left())} left" if self._left else ""
        return ", ".join(part for part in (left, f"{num_done} of {self._num_nodes} stages", told) if part)
