"""Who builds: worker processes here, this process itself, or jobs of a cluster. The runner treats them alike."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pipeline.core.errors import UserError
from pipeline.core.store import Artifact
from pipeline.study.nodes.node import Node
from pipeline.study.run.survey import Survey
from pipeline.study.run.tracker import Sink

Outcomes = Mapping[str, Artifact | Exception]  # by fingerprint; a node without one was not tried


@dataclass(frozen=True, slots=True)
class Task:
    """Nodes that are built in one place, parents first: one here, one or more in a job of a cluster."""

    nodes: tuple[Node, ...]

    @property
    def key(self) -> str:
        """What it is told apart by."""
        return self.nodes[-1].fingerprint

    def is_ready(self, survey: Survey) -> bool:
        """Whether all that its nodes need, and it does not build itself, is built."""
        own = {node.fingerprint for node in self.nodes}
        needed = {parent.fingerprint for node in self.nodes for parent in node.parents.values()}
        return needed - own <= survey.done.keys()

    def left(self, survey: Survey) -> "Task | None":
        """Without what is done by now; None where nothing is left."""
        nodes = tuple(node for node in self.nodes if node.fingerprint not in survey.done)
        return Task(nodes) if nodes else None


class WorkerDiedError(UserError):
    """The process that built a node is gone."""


class Crew(AbstractContextManager["Crew"], Protocol):
    """Builds tasks; left through an exception, it stops whatever is at work."""

    def room(self) -> int:
        """How many more tasks it can be given now."""
        ...

    def give(self, task: Task, survey: Survey) -> None:
        """Begin a task, all of whose parents are in the survey."""
        ...

    def look(self, seconds: float, sink: Sink) -> list[tuple[Task, Outcomes]]:
        """What has ended, waiting for at most so long where nothing has; meanwhile progress goes to the sink."""
        ...
