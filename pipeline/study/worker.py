"""One node built: folders of the parents, the room's verb, the store's record. Runs in any process."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.ledger import Ledger
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.study.schema import Context
from pipeline.study.tracker import Progress, RunIdentity, RunTracker, Sink
from pipeline.study.verbs import RESUMABLE, VERBS, Place


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
    """Build it, or take what another process has built meanwhile."""
    store = Store(job.context.store, lock_kind=job.context.lock)
    return store.build(
        job.wanted,
        lambda out: _make(job, out, sink),
        force=job.force,
        resumable=job.kind in RESUMABLE,
        waiting=lambda: sink(Progress(job.wanted.fingerprint, 0, 1, "", "waits for another process that builds it")),
    )


def _make(job: Job, out: Path, sink: Sink) -> Ledger:
    logging.getLogger("datatrove").setLevel(logging.ERROR)
    wanted = job.wanted
    identity = RunIdentity(
        fingerprint=wanted.fingerprint,
        stage=wanted.stage,
        label=wanted.label,
        group=job.group,
        config=wanted.literals,
    )
    tracker = RunTracker(identity, out / "logs", sink, job.context.tracking)
    failed = True
    try:
        folders = {role: artifact.folder for role, artifact in job.parents.items()}
        ledger = VERBS[job.kind](wanted.literals, folders, Place(out, tracker, job.context.data_root))
        failed = False
        return ledger
    finally:
        tracker.close(failed=failed)
