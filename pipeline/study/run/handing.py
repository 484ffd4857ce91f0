"""Tasks on their way: given to a crew when they are ready, heard of when they end, tried again where that helps."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.lock import LockHeldError
from pipeline.study.nodes.node import Node
from pipeline.study.run.crew import Crew, Outcomes, Task, WorkerDiedError
from pipeline.study.run.neighbours import Neighbours
from pipeline.study.run.survey import Survey
from pipeline.study.run.view import View

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Failure:
    """A node that could not be built, and why."""

    node: Node
    error: BaseException


class Handing:
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
