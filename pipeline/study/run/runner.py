"""Many nodes built: whatever is ready goes to whoever is free, the longest way to the end first.

A shared node is built once because it is one node. What another process is at is left to it, and something else is
done meanwhile; so many processes on one sweep divide its stages among them. A failed node does not stop the others;
what needed it is left out and said.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.rank import num_ranks
from pipeline.study.config.schema import Context
from pipeline.study.nodes.node import Node
from pipeline.study.place import open_store
from pipeline.study.run import interrupts
from pipeline.study.run.crew import Crew, Task
from pipeline.study.run.handing import Failure, Handing
from pipeline.study.run.neighbours import Neighbours
from pipeline.study.run.survey import Survey, wanted
from pipeline.study.run.view import View
from pipeline.study.run.worker import Job
from pipeline.study.run.workers import Alone, Workers

Hire = Callable[[], Crew]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """How a graph is built: on this machine, unless a crew is hired elsewhere."""

    context: Context
    group: str
    forced: frozenset[str] = frozenset()

    @property
    def num_workers(self) -> int:
        """As asked, or one for each core; one where this process leads other ranks, which follow it alone."""
        if num_ranks() > 1:
            return 1
        return self.context.workers or os.cpu_count() or 1

    def build(
        self, survey: Survey, view: View, *, hire: Hire | None = None, tasks: Sequence[Task] | None = None
    ) -> list[Failure]:
        """Build what is left of the survey; its `done` grows. Returns what failed.

        tasks: what is built in one place, in running order; each node by itself where not given.
        """
        if not survey.todo:
            return []
        tasks = [Task((node,)) for node in _longest_way_first(survey.todo)] if tasks is None else tasks
        neighbours = Neighbours(open_store(self.context), self.forced)
        handing = Handing(tasks, survey, view, neighbours)
        with view, (hire or self._hire)() as crew:
            while handing.goes_on():
                interrupts.check()
                handing.hand_out(crew)
                handing.hear(crew)
        return handing.failures

    def _hire(self) -> Crew:
        return Alone(self._job) if self.num_workers == 1 else Workers(self.num_workers, self._job)

    def _job(self, node: Node, survey: Survey) -> Job:
        parents = survey.parents(node)
        return Job(
            kind=node.kind,
            wanted=wanted(node, parents),
            parents=parents,
            context=self.context,
            group=self.group,
            force=node.fingerprint in self.forced,
        )


def _longest_way_first(nodes: list[Node]) -> list[Node]:
    """Order by the work that still hangs on a node: itself and its longest chain of descendants."""
    way = {node.fingerprint: node.work for node in nodes}
    for node in reversed(nodes):  # children before parents
        for parent in node.parents.values():
            if parent.fingerprint in way:
                way[parent.fingerprint] = max(way[parent.fingerprint], parent.work + way[node.fingerprint])
    return sorted(nodes, key=lambda node: -way[node.fingerprint])
