"""Many nodes built: whatever is ready goes to whoever is free, the longest way to the end first.

A shared node is built once because it is one node. What another process is at is left to it, and something else is
done meanwhile; so many processes on one sweep divide its stages among them. A failed node does not stop the others;
what needed it is left out and said.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.lock import LockHeldError
from pipeline.core.rank import num_ranks
from pipeline.study import interrupts
from pipeline.study.crew import Crew, Outcomes, Task, WorkerDiedError
from pipeline.study.neighbours import Neighbours
from pipeline.study.node import Node
from pipeline.study.place import open_store
from pipeline.study.schema import Context
from pipeline.study.survey import Survey, wanted
from pipeline.study.view import View
from pipeline.study.worker import Job
from pipeline.study.workers import Alone, Workers

POLL_SECONDS = 0.2
Hire = Callable[[], Crew]


@dataclass(frozen=True, slots=True)
class Failure:
    """A node that could not be built, and why."""

    node: Node
    error: BaseException


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
        building = _Building(tasks, survey, view, neighbours)
        with view, (hire or self._hire)() as crew:
            while building.goes_on():
                interrupts.check()
                building.hand_out(crew)
                building.hear(crew)
        return building.failures

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


class _Building:
    """Tasks that wait, tasks at work, and what has failed."""

    def __init__(self, tasks: Sequence[Task], survey: Survey, view: View, neighbours: Neighbours) -> None:
        self._waiting = list(tasks)
        self._at_work: dict[str, Task] = {}
        self._died: set[str] = set()
        self._survey = survey
        self._view = view
        self._neighbours = neighbours
        self.failures: list[Failure] = []

    def goes_on(self) -> bool:
        """Whether anything is at work or can be; what is left otherwise needs something that failed."""
        return bool(self._at_work) or any(task.is_ready(self._survey) for task in self._waiting)

    def hand_out(self, crew: Crew) -> None:
        """Give the crew what is ready and nobody else is at."""
        for task in list(self._waiting):
            if crew.room() < 1:
                return
            if task.is_ready(self._survey) and (left := self._untouched(task)) is not None:
                self._waiting.remove(task)
                self._at_work[left.key] = left
                for node in left.nodes:
                    self._view.started(node)
                crew.give(left, self._survey)

    def hear(self, crew: Crew) -> None:
        """Take what has ended, and what appeared in the store."""
        for task, outcomes in crew.look(POLL_SECONDS, self._view.progressed):
            del self._at_work[task.key]
            self._settle(task, outcomes)
        for task in self._at_work.values():
            for node in self._neighbours.built(task.nodes[:-1], self._survey):
                self._view.finished(node)

    def _untouched(self, task: Task) -> Task | None:
        """What is left of a task once others' work is taken; None where they are at it, or nothing is left."""
        for node in self._neighbours.built(task.nodes, self._survey):
            self._view.found(node)
        left = task.left(self._survey)
        if left is None:
            self._waiting.remove(task)
        elif any(self._neighbours.is_at(node) for node in left.nodes):
            self._view.waits_for_others(left.nodes[0])
            return None
        return left

    def _settle(self, task: Task, outcomes: Outcomes) -> None:
        for node in task.nodes:
            outcome = outcomes.get(node.fingerprint)
            if node.fingerprint in self._survey.done:
                continue
            if isinstance(outcome, LockHeldError) or self._is_first_death(node, outcome):
                died = isinstance(outcome, WorkerDiedError)
                self._view.gave_back(node, "its worker process was killed; it is tried once more" if died else "")
                self._neighbours.forget(node)
                self._waiting.append(task)
            elif isinstance(outcome, Exception):
                self.failures.append(Failure(node, outcome))
                self._view.failed(node, outcome)
            elif outcome is not None:
                self._survey.done[node.fingerprint] = outcome
                self._view.finished(node)
            elif not self._appeared(node):
                self._view.gave_back(node)

    def _appeared(self, node: Node) -> bool:
        """Whether a job that told of no failure has left it in the store."""
        self._neighbours.expect(node)
        appeared = bool(self._neighbours.built([node], self._survey))
        if appeared:
            self._view.finished(node)
        return appeared

    def _is_first_death(self, node: Node, outcome: object) -> bool:
        """A worker that was killed may have been the wrong one: a node is tried once more, last of all."""
        if not isinstance(outcome, WorkerDiedError) or node.fingerprint in self._died:
            return False
        self._died.add(node.fingerprint)
        return True


def _longest_way_first(nodes: list[Node]) -> list[Node]:
    """Order by the work that still hangs on a node: itself and its longest chain of descendants."""
    way = {node.fingerprint: node.work for node in nodes}
    for node in reversed(nodes):  # children before parents
        for parent in node.parents.values():
            if parent.fingerprint in way:
                way[parent.fingerprint] = max(way[parent.fingerprint], parent.work + way[node.fingerprint])
    return sorted(nodes, key=lambda node: -way[node.fingerprint])
