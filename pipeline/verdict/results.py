"""What the room is given: checkpoints at seeds, with their per-problem rows and what was spent on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class StageUse:
    """One training or eval stage behind a checkpoint, from its record."""

    key: str  # "pretrain:trunk", "pretrain:branch", "sft", "eval"
    ledger: Ledger
    fingerprint: str
    content: str
    commit: str
    device: str
    torch: str  # its version
    started_at: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One checkpoint at one seed, evaluated."""

    names: tuple[str, ...]  # by which claims may call it: "ldq", "f50 > shq"
    seed: int
    rate: float | None  # of SFT; None after pretraining
    is_common: bool = True  # whether that is the recipe's own rate
    rows: Path  # rows.parquet of its eval
    summary: Path  # summary.json of its eval
    stages: tuple[StageUse, ...]
    missing: tuple[str, ...] = ()  # training stages without a record
    base: frozenset[str] = frozenset()  # corpora that are no reasoning data
    holds: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Families by "pretrain:corpus" or "sft:corpus", for what it was trained on besides base text."""
    drift: tuple[str, ...] = ()  # how a committed result's config differs from today's

    @property
    def evaluation(self) -> StageUse:
        """The stage that its scores come from."""
        return self.stages[-1]
