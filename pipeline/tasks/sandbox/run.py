"""Run untrusted Python programs behind the walls of `cage`, and say what became of each.

Hashing is seeded and the time limit that matters counts processor seconds, so that a program's outcome is
its own as far as that can be.
"""

import os
import secrets
import subprocess
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import ContextVar

from pipeline.tasks.sandbox.cage import cage
from pipeline.tasks.sandbox.calls import call_filter
from pipeline.tasks.sandbox.outcome import Limits, Outcome
from pipeline.tasks.sandbox.verdict import judge
from pipeline.tasks.sandbox.watch import watch

_RECORD: ContextVar[list[Outcome]] = ContextVar("outcomes of `recorded`")


def run_python(program: str, limits: Limits) -> Outcome:
    """Run a program from its first line to its last, in a process that can reach nothing.

    program: Python source, its tests included. It has passed when its end was reached, so an `exit()` on the
    way is a failure. It sees the standard library, NumPy and an empty `/tmp`; `__name__` is not `__main__`.
    Raises UserError where the walls cannot be put up (`ready.require_sandbox` asks that before any work).
    """
    token = secrets.token_hex(16)
    with _memory_file(call_filter()) as filter_fd, _memory_file(program.encode(errors="replace")) as program_fd:
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb", buffering=0) as report:
            try:
                command = cage(limits, filter_fd=filter_fd, program_fd=program_fd, report_fd=writing, token=token)
                process = _start(command, (filter_fd, program_fd, writing))
            finally:
                os.close(writing)
            seen = watch(process, report, limits)
    return judge(seen, limits, token)


def run_all(
    programs: Sequence[str], limits: Limits, advance: Callable[[int], object] = int, *, workers: int | None = None
) -> list[Outcome]:
    """Run programs beside one another and return their outcomes in order; equal programs run once.

    advance: told how many programs more are done. workers: how many run at a time; None: one a core.
    Raises UserError where the walls cannot be put up.
    """
    counts = Counter(programs)
    with ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
        running = {pool.submit(run_python, program, limits): program for program in counts}
        outcomes: dict[str, Outcome] = {}
        try:
            for done in as_completed(running):
                outcomes[running[done]] = done.result()
                advance(counts[running[done]])
        finally:
            pool.shutdown(cancel_futures=True)
    in_order = [outcomes[program] for program in programs]
    _RECORD.get([]).extend(in_order)
    return in_order


@contextmanager
def recorded() -> Generator[list[Outcome]]:
    """Keep what `run_all` returns meanwhile, in order: for callers that pass a score on, but not the outcome."""
    kept: list[Outcome] = []
    token = _RECORD.set(kept)
    try:
        yield kept
    finally:
        _RECORD.reset(token)


def _start(command: Sequence[str], descriptors: Sequence[int]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        pass_fds=descriptors,
    )


@contextmanager
def _memory_file(content: bytes) -> Generator[int]:
    """A nameless file that holds the content, as a file descriptor at its beginning."""
    descriptor = os.memfd_create("sandbox")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
