"""Where a running stage's numbers go: `logs/metrics.jsonl` (the truth), the terminal, W&B (a mirror)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from pipeline.core.ledger import Ledger
from pipeline.study.run.mirror import Mirror
from pipeline.study.run.wandb_run import RunIdentity, Tracking


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one node is; what workers tell the view."""

    fingerprint: str
    done: float
    total: float
    unit: str
    note: str
    remark: str = ""  # to be said once, and to stay


Sink = Callable[[Progress], None]


class RunTracker:
    """A `core.track.Tracker` that writes, shows and mirrors."""

    def __init__(self, identity: RunIdentity, logs: Path, sink: Sink, tracking: Tracking) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._fingerprint = identity.fingerprint
        self._sink = sink
        self._started = time.monotonic()
        metrics = logs / "metrics.jsonl"
        past = metrics.read_bytes().splitlines() if metrics.exists() else []
        self._file = metrics.open("ab")
        self._mirror = Mirror(identity, logs, tracking, [line for line in past if line.endswith(b"}")])

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append to metrics.jsonl; mirror to W&B."""
        self._write(step, values)
        self._mirror.log(step, values)

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """Tell the view."""
        self._sink(Progress(self._fingerprint, done, total, unit, note))

    def remark(self, step: int, line: str) -> None:
        """Append to metrics.jsonl; tell the view."""
        self._write(step, {"remark": line})
        self._sink(Progress(self._fingerprint, 0, 0, "", "", line))

    def summarise(self, ledger: Ledger) -> None:
        """Tell W&B what the stage consumed; the record tells it to everybody else."""
        self._mirror.summarise(ledger)

    def close(self, *, failed: bool) -> None:
        """Close the file and the mirror."""
        self._file.close()
        self._mirror.finish(failed=failed)

    def _write(self, step: int, values: Mapping[str, float | str]) -> None:
        seconds = round(time.monotonic() - self._started, 3)
        self._file.write(orjson.dumps({"step": step, "seconds": seconds, **values}) + b"\n")
        self._file.flush()
