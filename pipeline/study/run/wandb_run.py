"""A stage as W&B knows it: what names its run and its artifact, and the run opened so that it learns nothing else."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline.core.ledger import Ledger

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


def start_run(identity: RunIdentity, logs: Path, tracking: Tracking) -> Any:
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


def artifact_of(stage: str, fingerprint: str, ledger: Ledger | None = None) -> Any:
    """A node of the lineage: who it is and what it consumed. Its files stay in the store."""
    import wandb

    about = {"stage": stage, "fingerprint": fingerprint} | ({"ledger": asdict(ledger)} if ledger else {})
    return wandb.Artifact(_artifact_name(stage, fingerprint), type=stage, metadata=about)
