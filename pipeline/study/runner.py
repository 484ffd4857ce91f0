"""Many nodes built: whatever is ready goes to a free worker, the longest way to the end first.

Each worker is a process of its own with one thread; a shared node is built once because it is one node.
A failed node does not stop the others; what needed it is left out and said.
"""

import multiprocessing
import os
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.core.errors import UserError
from pipeline.core.rank import num_ranks
from pipeline.core.store import Artifact
from pipeline.study.node import Node
from pipeline.study.pool import run_in_worker, start_worker
from pipeline.study.schema import Context
from pipeline.study.survey import Survey, wanted
from pipeline.study.tracker import Progress, Sink
from pipeline.study.view import View
from pipeline.study.worker import Job, run_job

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Failure:
    """A node that could not be built, and why."""

    node: Node
    error: BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """How a graph is built on this machine."""

    context: Context
    group: str
    forced: frozenset[str] = frozenset()

    @property
    def num_workers(self) -> int:
        """As asked, or one for each core; one where this process leads other ranks, which follow it alone."""
        if num_ranks() > 1:
            return 1
        return self.context.workers or os.cpu_count() or 1

    def build(self, survey: Survey, view: View) -> list[Failure]:
        """Build what is left of the survey; its `done` grows. Returns what failed."""
        if not survey.todo:
            return []
        with view:
            if self.num_workers == 1:
                return self._in_turn(survey, view)
            return self._side_by_side(survey, view)

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

    def _in_turn(self, survey: Survey, view: View) -> list[Failure]:
        failures: list[Failure] = []
        for node in survey.todo:
            if survey.is_ready(node):
                view.started(node)
                self._settle(node, survey, view, failures, partial(run_job, self._job(node, survey), view.progressed))
        return failures

    def _side_by_side(self, survey: Survey, view: View) -> list[Failure]:
        failures: list[Failure] = []
        waiting = _longest_way_first(survey.todo)
        running: dict[Future[Artifact], Node] = {}
        with _pool(self.num_workers) as (pool, messages):
            while waiting or running:
                for node in _take_ready(waiting, survey, self.num_workers - len(running)):
                    view.started(node)
                    running[pool.submit(run_in_worker, self._job(node, survey))] = node
                if not running:
                    break  # what is left needs something that failed
                finished, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                _show(messages, view.progressed)
                for future in finished:
                    self._settle(running.pop(future), survey, view, failures, future.result)
        return failures

    def _settle(
        self, node: Node, survey: Survey, view: View, failures: list[Failure], result: Callable[[], Artifact]
    ) -> None:
        """Take a node's outcome. Whatever a stage raises is reported with its node, so any exception counts.

        Raises UserError where a worker is gone.
        """
        try:
            survey.done[node.fingerprint] = result()
        except BrokenProcessPool:
            raise UserError(
                "a worker process was killed (by hand, or for want of memory; workers=1 takes the least); "
                "the same line carries on from here"
            ) from None
        except Exception as error:  # noqa: BLE001 - one failed arm must not stop the others; the end names it
            failures.append(Failure(node, error))
            view.failed(node, error)
        else:
            view.finished(node)


def _longest_way_first(nodes: list[Node]) -> list[Node]:
    """Order by the work that still hangs on a node: itself and its longest chain of descendants."""
    way = {node.fingerprint: node.work for node in nodes}
    for node in reversed(nodes):  # children before parents
        for parent in node.parents.values():
            if parent.fingerprint in way:
                way[parent.fingerprint] = max(way[parent.fingerprint], parent.work + way[node.fingerprint])
    return sorted(nodes, key=lambda node: -way[node.fingerprint])


def _take_ready(waiting: list[Node], survey: Survey, room: int) -> list[Node]:
    """Take at most `room` nodes whose parents are built out of `waiting`."""
    ready = [node for node in waiting if survey.is_ready(node)][: max(room, 0)]
    for node in ready:
        waiting.remove(node)
    return ready


@contextmanager
def _pool(num_workers: int) -> Generator[tuple[ProcessPoolExecutor, Any]]:
    """Worker processes and the queue that they tell their progress through; on the way out, they are stopped."""
    context = multiprocessing.get_context("spawn")
    messages: Any = context.SimpleQueue()
    pool = ProcessPoolExecutor(num_workers, context, initializer=start_worker, initargs=(messages, os.getpid()))
    try:
        yield pool, messages
    except BaseException:
        for process in list(pool._processes.values()):  # pyright: ignore[reportPrivateUsage] - public from 3.14 on
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _show(messages: Any, sink: Sink) -> None:
    while not messages.empty():
        message: Progress = messages.get()
        sink(message)
