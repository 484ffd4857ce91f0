"""What a node that is being built has told so far: how far it is, how fast, its loss."""

import re
import time
from dataclasses import dataclass

from rich.progress import TaskID

from pipeline.core.duration import format_count
from pipeline.study.nodes.node import Node
from pipeline.study.run import tracker
from pipeline.study.terminal import format_left

SECONDS_OF_A_SPEED = 0.5  # a shorter look shows no speed
WITH_SPEED = ("documents", "problems")  # units whose speed is worth a word; training names its own


_LEFT = re.compile(r", [^,]* left$")


@dataclass(slots=True)
class Running:
    """A node at work."""

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

    @property
    def last_words(self) -> str:
        """What it told last, without the time that was left then: for its end."""
        return _LEFT.sub("", self.line)


def name_of(node: Node) -> str:
    """A node as people know it: `pretrain branch-ldq-s0`."""
    return f"{node.stage} {node.label}"
