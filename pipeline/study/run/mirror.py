"""W&B, a mirror of `metrics.jsonl`: one run a stage. Project: the study; group: the arm; job type: the stage.

The seeds of an arm stand in one group; tags are the sweep, the stage and the seed; the config is the stage's literals
and what it was made from; the ledger is the summary; every artifact is logged with its lineage. A stage that is
carried on after a kill goes on in the same run: online by its id, offline by saying its rows again.
Nothing of it can fail a run: whatever W&B raises is said once, and the mirror is dropped. Its files lie in the
artifact's `logs/`; it is told nothing about the machine, the code or the key.
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.ledger import Ledger
from pipeline.study.run.wandb_run import RunIdentity, Tracking, artifact_of, start_run
from pipeline.study.secrets import without_secrets

logger = logging.getLogger(__name__)


class Mirror:
    """A W&B run, or nothing once something went wrong."""

    def __init__(self, identity: RunIdentity, logs: Path, tracking: Tracking, past: Iterable[bytes] = ()) -> None:
        """past: lines of `metrics.jsonl` from before a kill."""
        self._run: Any = None
        self._identity = identity
        self._is_online = tracking == "online"
        if tracking != "off":
            self._try(lambda: self._start(logs, tracking, past))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One row of metrics."""
        if self._run is not None:
            self._try(lambda: self._run.log(dict(values), step=step))

    def summarise(self, ledger: Ledger) -> None:
        """What the stage consumed, and its artifact."""
        if self._run is not None:
            self._try(lambda: self._leave(ledger))

    def finish(self, *, failed: bool) -> None:
        """The end of the run."""
        if self._run is not None:
            self._try(lambda: self._run.finish(exit_code=int(failed)))

    def _start(self, logs: Path, tracking: Tracking, past: Iterable[bytes]) -> None:
        os.environ.setdefault("WANDB_SILENT", "true")
        self._run = start_run(self._identity, logs, tracking)
        if self._is_online:  # W&B refuses lineage offline; the config names the parents in either case
            for stage, fingerprint in self._identity.parents.values():
                self._run.use_artifact(artifact_of(stage, fingerprint))
        else:
            for row in map(orjson.loads, past):
                values = {name: value for name, value in row.items() if isinstance(value, int | float)}
                self._run.log(values, step=values.pop("step"))

    def _leave(self, ledger: Ledger) -> None:
        self._run.summary.update({"ledger": asdict(ledger)})
        self._run.log_artifact(artifact_of(self._identity.stage, self._identity.fingerprint, ledger))

    def _try(self, step: Callable[[], object]) -> None:
        """Do it, or say why not and never again. W&B raises whatever its parts raise, so any exception counts."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a mirror that breaks must not break what it mirrors
            self._run = None
            reason = without_secrets(str(error).partition("\n")[0])
            logger.warning("W&B is not mirrored (tracking=off turns it off): %s", reason)
