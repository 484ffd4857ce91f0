"""What the report is given: arms at seeds, and of each the artifacts that exist so far."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One artifact as the report needs it."""

    stage: str
    label: str
    fingerprint: str
    folder: Path
    content: str  # checksum of what the folder holds
    ledger: Ledger
    wall_seconds: float
    stale: tuple[str, ...]  # why it no longer follows from its parents; empty: it does
    seed: int
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """One arm at one seed. Stages stand in the order in which they ran."""

    name: str  # "ldq > shq", "none > 2x shq"
    pretrain_mix: str
    sft_mix: str
    overrides: dict[str, str]
    seed: int
    command: str  # the line that repeats it
    stages: dict[
        str, StageResult
    ]  # "curate:ldq", "mix:branch", "pretrain:trunk", "sft", "eval:pretrain", "eval:sft" ...
    missing: tuple[str, ...]  # stages not built yet
