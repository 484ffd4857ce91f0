"""The inside of a worker process: one thread, quiet, and gone when its parent is."""

import signal
import time
from typing import Any

from pipeline.core.store import Artifact
from pipeline.study.run.orphans import die_with_parent, let_forks_die_with_us
from pipeline.study.run.tracker import Progress
from pipeline.study.run.worker import Job, run_job

_SECONDS_BETWEEN_MESSAGES = 0.2

_messages: Any = None
_last_sent = 0.0


def start_worker(messages: Any, parent: int) -> None:
    """Run once in each worker: Ctrl-C is the parent's business; the parent's death is a SIGTERM here."""
    global _messages  # noqa: PLW0603 - a worker process has one queue, given to it once
    _messages = messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)
    let_forks_die_with_us()


def run_in_worker(job: Job) -> Artifact:
    """Build one node, telling the parent how far it is."""
    return run_job(job, _send)


def _send(message: Progress) -> None:
    global _last_sent  # noqa: PLW0603
    now = time.monotonic()
    if message.done >= message.total or now - _last_sent >= _SECONDS_BETWEEN_MESSAGES:
        _messages.put(message)
        _last_sent = now
