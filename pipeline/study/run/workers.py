"""Crews on this machine: worker processes, each with one thread, or this process itself.

Each seat is a pool of one process: where that is killed, it is known which node was in it, and the others go on.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

from pipeline.core.store import Artifact
from pipeline.study.nodes.node import Node
from pipeline.study.run.crew import Crew, Outcomes, Task, WorkerDiedError
from pipeline.study.run.pool import run_in_worker, start_worker
from pipeline.study.run.survey import Survey
from pipeline.study.run.tracker import Sink
from pipeline.study.run.worker import Job, run_job

JobOf = Callable[[Node, Survey], Job]


class _Seat:
    """One worker process, started when it is first needed, and the queue that it tells its progress through."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self.future: Future[Artifact] | None = None
        self._open()

    def _open(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.messages: Any = context.SimpleQueue()
        self._pool = ProcessPoolExecutor(1, context, initializer=start_worker, initargs=(self.messages, os.getpid()))

    def begin(self, task: Task, job: Job) -> None:
        self.task, self.future = task, self._pool.submit(run_in_worker, job)

    def end(self) -> tuple[Task, Outcomes]:
        """What came of its task. Whatever a stage raises is reported with its node, so any exception counts."""
        task, future = self.task, self.future
        assert task is not None and future is not None
        self.task = self.future = None
        try:
            return task, {task.key: future.result()}
        except BrokenProcessPool:
            self.stop()
            self._open()
            return task, {task.key: WorkerDiedError(_KILLED)}
        except Exception as error:  # noqa: BLE001 - one failed arm must not stop the others; the end names it
            return task, {task.key: error}

    def stop(self) -> None:
        for process in list((self._pool._processes or {}).values()):  # pyright: ignore[reportPrivateUsage] - public from 3.14 on
            process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        self._pool.shutdown()


_KILLED = (
    "its worker process was killed (by hand, or for want of memory; workers=1 takes the least); "
    "the same line carries on from here"
)


class Workers(Crew):
    """So many worker processes."""

    def __init__(self, num_workers: int, job_of: JobOf) -> None:
        self._seats = [_Seat() for _ in range(num_workers)]
        self._job_of = job_of

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for seat in self._seats:
            seat.close() if kind is None else seat.stop()

    def room(self) -> int:
        """Seats that are free."""
        return sum(seat.task is None for seat in self._seats)

    def give(self, task: Task, survey: Survey) -> None:
        """Hand it to a free seat, one that has done its imports before one that has not."""
        seat = next(seat for seat in self._seats if seat.task is None)
        seat.begin(task, self._job_of(task.nodes[0], survey))

    def look(self, seconds: float, sink: Sink) -> list[tuple[Task, Outcomes]]:
        """What has ended."""
        futures = {seat.future for seat in self._seats if seat.future is not None}
        finished, _ = wait(futures, timeout=seconds, return_when=FIRST_COMPLETED)
        for seat in self._seats:
            while not seat.messages.empty():
                sink(seat.messages.get())
        return [seat.end() for seat in self._seats if seat.future in finished]


class Alone(Crew):
    """This process, one task after the other: with one worker, or at the head of other ranks."""

    def __init__(self, job_of: JobOf) -> None:
        self._job_of = job_of
        self._given: tuple[Task, Job] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to stop."""

    def room(self) -> int:
        """One, or none."""
        return int(self._given is None)

    def give(self, task: Task, survey: Survey) -> None:
        """Keep it until somebody looks."""
        self._given = task, self._job_of(task.nodes[0], survey)

    def look(self, seconds: float, sink: Sink) -> list[tuple[Task, Outcomes]]:
        """Do it."""
        if self._given is None:
            time.sleep(seconds)
            return []
        (task, job), self._given = self._given, None
        try:
            return [(task, {task.key: run_job(job, sink)})]
        except Exception as error:  # noqa: BLE001 - one failed arm must not stop the others; the end names it
            return [(task, {task.key: error})]
