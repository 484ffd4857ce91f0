"""W&B, a mirror of `metrics.jsonl`: one run a stage, grouped by sweep.

Nothing of it can fail a run: whatever W&B raises is said once, and the mirror is dropped. Its files lie in the
artifact's `logs/`; it is told nothing about the machine, the code or the key.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

logger = logging.getLogger(__name__)

Tracking = Literal["offline", "online", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """What names a stage's run for people and for W&B."""

    fingerprint: str
    stage: str
    label: str
    group: str  # the sweep, or `single`
    config: Mapping[str, Any]
    is_again: bool = False  # a forced attempt is a run of its own


class Mirror:
    """A W&B run, or nothing once something went wrong."""

    def __init__(self, identity: RunIdentity, logs: Path, tracking: Tracking) -> None:
        self._run: Any = None
        if tracking != "off":
            self._try(lambda: self._start(identity, logs, tracking))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One row of metrics."""
        if self._run is not None:
            self._try(lambda: self._run.log(dict(values), step=step))

    def finish(self, *, failed: bool) -> None:
        """The end of the run."""
        if self._run is not None:
            self._try(lambda: self._run.finish(exit_code=int(failed)))

    def _start(self, identity: RunIdentity, logs: Path, tracking: Tracking) -> None:
        os.environ.setdefault("WANDB_SILENT", "true")
        self._run = _init(identity, logs, tracking)

    def _try(self, step: Callable[[], None]) -> None:
        """Do it, or say why not and never again. W&B raises whatever its parts raise, so any exception counts."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a mirror that breaks must not break what it mirrors
            self._run = None
            logger.warning("W&B is not mirrored (tracking=off turns it off): %s", str(error).partition("\n")[0])


def _init(identity: RunIdentity, logs: Path, tracking: Tracking) -> Any:
    """The run; a stage that is carried on after a kill goes on in the same online run."""
    import wandb

    settings = wandb.Settings(
        console="off",
        silent=True,
        init_timeout=30,  # seconds
        disable_git=True,
        disable_code=True,
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        x_save_requirements=False,  # the record holds the versions; listing them costs 0.1 s a stage
    )
    suffix = f"-{os.urandom(4).hex()}" if identity.is_again else ""
    return wandb.init(
        project="frontload",
        group=identity.group,
        job_type=identity.stage,
        name=f"{identity.stage}/{identity.label}",
        id=identity.fingerprint[:16] + suffix,
        config=dict(identity.config),
        dir=logs,
        mode="online" if tracking == "online" else "offline",
        resume="allow" if tracking == "online" else None,
        settings=settings,
    )
