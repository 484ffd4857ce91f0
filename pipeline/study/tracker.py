"""Where a running stage's numbers go: `logs/metrics.jsonl` (the truth), the terminal, W&B (a mirror).

A W&B failure never fails a run: it is said once, and the mirror is dropped.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

logger = logging.getLogger(__name__)

Tracking = Literal["offline", "online", "off"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one node is; what workers tell the view."""

    fingerprint: str
    done: float
    total: float
    unit: str
    note: str


Sink = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """What names a stage's run for people and for W&B."""

    fingerprint: str
    stage: str
    label: str
    group: str  # the sweep, or `single`
    config: Mapping[str, Any]


class RunTracker:
    """A `core.track.Tracker` that writes, shows and mirrors."""

    def __init__(self, identity: RunIdentity, logs: Path, sink: Sink, tracking: Tracking) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._identity = identity
        self._sink = sink
        self._started = time.monotonic()
        self._file = (logs / "metrics.jsonl").open("ab")
        self._mirror = _start_mirror(identity, logs, tracking)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append to metrics.jsonl; mirror to W&B."""
        seconds = round(time.monotonic() - self._started, 3)
        self._file.write(orjson.dumps({"step": step, "seconds": seconds, **values}) + b"\n")
        self._file.flush()
        if self._mirror is not None:
            self._mirror.log(dict(values), step=step)

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """Tell the view."""
        self._sink(Progress(self._identity.fingerprint, done, total, unit, note))

    def close(self, *, failed: bool) -> None:
        """Close the file and the mirror."""
        self._file.close()
        if self._mirror is not None:
            self._mirror.finish(exit_code=int(failed), quiet=True)


def _start_mirror(identity: RunIdentity, logs: Path, tracking: Tracking) -> Any | None:
    """One W&B run a stage, grouped by sweep; none where tracking is off or W&B cannot start."""
    if tracking == "off":
        return None
    os.environ.setdefault("WANDB_SILENT", "true")
    import wandb
    from wandb.errors import Error

    settings = wandb.Settings(
        console="off", disable_git=True, disable_code=True, x_disable_stats=True, x_disable_meta=True, silent=True
    )
    try:
        return wandb.init(
            project="frontload",
            group=identity.group,
            job_type=identity.stage,
            name=f"{identity.stage}/{identity.label}",
            id=identity.fingerprint[:16],
            config=dict(identity.config),
            dir=logs,
            mode=tracking,
            resume="allow" if tracking == "online" else None,
            settings=settings,
        )
    except (Error, OSError) as error:
        logger.warning("W&B is not mirrored: %s", error)
        return None
