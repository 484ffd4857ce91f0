"""W&B, a mirror of `metrics.jsonl`: one run a stage. Project: the study; group: the arm; job type: the stage.

The seeds of an arm stand in one group; tags are the sweep, the stage and the seed; the config is the stage's literals
and what it was made from; the ledger is the summary; every artifact is logged with its lineage. A stage that is
carried on after a kill goes on in the same run: online by its id, offline by saying its rows again.
Nothing of it can fail a run: whatever W&B raises is said once, and the mirror is dropped. Its files lie in the
artifact's `logs/`; it is told nothing about the machine, the code or the key.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from pipeline.core.ledger import Ledger
from pipeline.study.secrets import without_secrets

logger = logging.getLogger(__name__)

PROJECT = "frontload"  # unless WANDB_PROJECT names another
ID_DIGITS = 16  # of a fingerprint, in a run's id; `report.json` lists runs by it
LONGEST_TAG = 64  # W&B refuses longer ones
_ID_FILE = "wandb_id"  # in the stage's logs: a forced run that is carried on finds its own
Tracking = Literal["offline", "online", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """What names a stage's run for people and for W&B."""

    fingerprint: str
    stage: str
    label: str
    group: str  # the sweep, or `single`
    config: Mapping[str, Any]
    seed: int | None = None
    parents: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Role to (stage, fingerprint) of what it is made from."""
    is_again: bool = False  # a forced attempt is a run of its own

    @property
    def arm(self) -> str:
        """The label without its seed: what W&B groups by, so that an arm's seeds stand together."""
        return self.label.removesuffix(f"-s{self.seed}")

    @property
    def tags(self) -> tuple[str, ...]:
        """Sweep, stage and seed."""
        seed = () if self.seed is None else (f"seed {self.seed}",)
        return tuple(tag[:LONGEST_TAG] for tag in (self.group, self.stage, *seed))


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
        self._run = _init(self._identity, logs, tracking)
        if self._is_online:  # W&B refuses lineage offline; the config names the parents in either case
            for stage, fingerprint in self._identity.parents.values():
                self._run.use_artifact(_artifact(stage, fingerprint))
        else:
            for row in map(orjson.loads, past):
                values = {name: value for name, value in row.items() if isinstance(value, int | float)}
                self._run.log(values, step=values.pop("step"))

    def _leave(self, ledger: Ledger) -> None:
        self._run.summary.update({"ledger": asdict(ledger)})
        self._run.log_artifact(_artifact(self._identity.stage, self._identity.fingerprint, ledger))

    def _try(self, step: Callable[[], object]) -> None:
        """Do it, or say why not and never again. W&B raises whatever its parts raise, so any exception counts."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a mirror that breaks must not break what it mirrors
            self._run = None
            reason = without_secrets(str(error).partition("\n")[0])
            logger.warning("W&B is not mirrored (tracking=off turns it off): %s", reason)


def _init(identity: RunIdentity, logs: Path, tracking: Tracking) -> Any:
    """The run; what an earlier process wrote of it offline gives way to one run that holds all."""
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
    run_id = _run_id(identity, logs)
    for left in logs.glob(f"wandb/offline-run-*-{run_id}"):
        shutil.rmtree(left, ignore_errors=True)
    return wandb.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        group=identity.arm,
        job_type=identity.stage,
        tags=identity.tags,
        name=f"{identity.stage}/{identity.label}",
        id=run_id,
        config={**identity.config, "sweep": identity.group, "seed": identity.seed, "parents": _names(identity)},
        dir=logs,
        mode="online" if tracking == "online" else "offline",
        resume="allow" if tracking == "online" else None,
        settings=settings,
    )


def _run_id(identity: RunIdentity, logs: Path) -> str:
    """The fingerprint's; a forced attempt draws one, and keeps it when it is carried on."""
    if not identity.is_again:
        return identity.fingerprint[:ID_DIGITS]
    path = logs / _ID_FILE
    if not path.exists():
        path.write_text(f"{identity.fingerprint[:ID_DIGITS]}-{os.urandom(4).hex()}", encoding="ascii")
    return path.read_text(encoding="ascii")


def _names(identity: RunIdentity) -> dict[str, str]:
    return {role: _artifact_name(*parent) for role, parent in identity.parents.items()}


def _artifact_name(stage: str, fingerprint: str) -> str:
    return f"{stage}-{fingerprint[:ID_DIGITS]}"


def _artifact(stage: str, fingerprint: str, ledger: Ledger | None = None) -> Any:
    """A node of the lineage: who it is and what it consumed. Its files stay in the store."""
    import wandb

    about = {"stage": stage, "fingerprint": fingerprint} | ({"ledger": asdict(ledger)} if ledger else {})
    return wandb.Artifact(_artifact_name(stage, fingerprint), type=stage, metadata=about)
