"""One node built: folders of the parents, the room's verb, the store's record. Runs in any process."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.lock import LockHeldError
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.study.config.schema import Context
from pipeline.study.nodes.verbs import RESUMABLE, Place
from pipeline.study.run.follow import carry_out
from pipeline.study.run.tracker import Progress, RunTracker, Sink
from pipeline.study.run.wandb_run import RunIdentity
from pipeline.study.secrets import without_secrets


class StageFailedError(Exception):
    """What a room raised, as one line; its stack is in a file. Plain text, so any process can hand it to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A node with its parents already built: plain data, for a worker process."""

    kind: str
    wanted: Wanted
    parents: Mapping[str, Artifact]  # role -> artifact
    context: Context
    group: str  # the sweep's name, for W&B
    force: bool = False


def run_job(job: Job, sink: Sink) -> Artifact:
    """Build it, or take what another process has built meanwhile.

    Raises UserError where the user can mend it, StageFailedError for whatever else a room raised, LockHeldError where
    another process is at it (kernel's locks only; a lease is waited for).
    """
    store = Store(job.context.store, lock_kind=job.context.lock)
    try:
        return store.build(
            job.wanted,
            lambda out: _make(job, out, sink),
            force=job.force,
            resumable=job.kind in RESUMABLE,
            blocking=job.context.lock == "lease",  # a lease of a dead owner is taken over by who waits for it
            waiting=lambda: sink(Progress(job.wanted.fingerprint, 0, 1, "", "waits: another process builds it")),
        )
    except (UserError, StageFailedError, LockHeldError):
        raise
    except Exception as error:  # some cannot be pickled, and would take the whole pool down with them
        raise StageFailedError(_in_one_line(error)) from error


def _make(job: Job, out: Path, sink: Sink) -> Ledger:
    logging.getLogger("datatrove").setLevel(logging.ERROR)
    tracker = RunTracker(_identity(job), out / "logs", sink, job.context.tracking)
    failed = True
    try:
        folders = {role: artifact.folder for role, artifact in job.parents.items()}
        ledger = carry_out(job.kind, job.wanted.literals, folders, _place(job, out, tracker))
        tracker.summarise(ledger)
        failed = False
        return ledger
    except (UserError, OSError):
        raise  # the store knows what to say about a full disk
    except Exception as error:
        stack = out / "logs" / "error.txt"
        stack.write_text(without_secrets(traceback.format_exc()), encoding="utf-8")
        raise StageFailedError(f"{_in_one_line(error)} (stack: {stack})") from error
    finally:
        tracker.close(failed=failed)


def _place(job: Job, out: Path, tracker: RunTracker) -> Place:
    return Place(out, tracker, job.context.data_root, job.context.checkpoint, job.context.executor)


def _identity(job: Job) -> RunIdentity:
    wanted = job.wanted
    return RunIdentity(
        fingerprint=wanted.fingerprint,
        stage=wanted.stage,
        label=wanted.label,
        group=job.group,
        config=wanted.literals,
        seed=wanted.seed,
        parents={role: (each.record.stage, each.record.fingerprint) for role, each in job.parents.items()},
        is_again=job.force,
    )


def _in_one_line(error: Exception) -> str:
    return without_secrets(f"{type(error).__name__}: {' '.join(str(error).split())[:400]}")
