"""Where each arm stands in the grid: a row (how it was pretrained), a column (before SFT, or which SFT), a seed.

An arm's name gives both: "ldq > 2x shq" is row `ldq`, column `2x shq`. Overrides that the name does not tell
apart are added to the label, so that no two different checkpoints ever share a cell.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.report.results import ArmResult, StageResult

BEFORE = "before SFT"
_ARROW = " > "
_AFTER_PRETRAINING = ("sft.", "eval.")  # overrides that leave the pretrained model as it is
_AXES = ("pretrain_mix", "sft_mix", "seed")  # said by the name, or averaged over


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One model of the sweep: an arm before or after its SFT."""

    pretrain: str
    sft: str  # BEFORE, or the SFT's label
    seed: int
    arm: ArmResult

    @property
    def name(self) -> str:
        """As it is spoken of: "ldq" or "ldq > shq"."""
        return self.pretrain if self.sft == BEFORE else f"{self.pretrain}{_ARROW}{self.sft}"

    @property
    def anchor(self) -> str:
        """Where the page says how this cell came about."""
        return anchor_of(self.pretrain, self.sft)

    @property
    def evaluation(self) -> StageResult | None:
        """The artifact with its scores, where it exists."""
        return self.arm.stages.get("eval:pretrain" if self.sft == BEFORE else "eval:sft")

    @property
    def training(self) -> StageResult | None:
        """The artifact with its weights, where it exists."""
        if self.sft != BEFORE:
            return self.arm.stages.get("sft")
        phases = [stage for key, stage in self.arm.stages.items() if key.startswith("pretrain:")]
        unfinished = any(key.startswith("pretrain:") for key in self.arm.missing)
        return phases[-1] if phases and not unfinished else None

    @property
    def stale(self) -> tuple[str, ...]:
        """Why its weights or scores no longer follow from what they were made of; empty: they do."""
        stages = (self.training, self.evaluation)
        return tuple(dict.fromkeys(reason for stage in stages if stage is not None for reason in stage.stale))


def checkpoints(results: Sequence[ArmResult]) -> list[Checkpoint]:
    """Every model of the sweep once, in the order of the arms; those not built yet included."""
    found: dict[tuple[str, str, int], Checkpoint] = {}
    for arm, (row, column) in zip(results, _labels(results), strict=True):
        for sft in [BEFORE, column] if column else [BEFORE]:
            checkpoint = Checkpoint(pretrain=row, sft=sft, seed=arm.seed, arm=arm)
            key = (row, sft, arm.seed)
            found[key] = _either(found[key], checkpoint) if key in found else checkpoint
    return list(found.values())


def anchor_of(row: str, column: str) -> str:
    """The id of a cell's provenance on the page."""
    return f"cell-{row}-{column}".replace(" ", "_")


def rows_of(models: Iterable[Checkpoint]) -> list[str]:
    """Row labels in order."""
    return list(dict.fromkeys(model.pretrain for model in models))


def columns_of(models: Iterable[Checkpoint]) -> list[str]:
    """Column labels in order, BEFORE first."""
    columns = dict.fromkeys(model.sft for model in models)
    return sorted(columns, key=lambda column: column != BEFORE)


def points_of(models: Iterable[Checkpoint]) -> list[tuple[str, str]]:
    """(row, column) of every cell that the sweep asks for, each once."""
    return list(dict.fromkeys((model.pretrain, model.sft) for model in models))


def _either(first: Checkpoint, second: Checkpoint) -> Checkpoint:
    """The one of two that has scores; arms that share a pretraining share its scores too."""
    scores = (first.evaluation, second.evaluation)
    assert None in scores or len({stage.folder for stage in scores if stage}) == 1, (
        f"two different artifacts for {first.name} at seed {first.seed}"
    )
    return second if first.evaluation is None else first


def _labels(results: Sequence[ArmResult]) -> list[tuple[str, str]]:
    """Row and column of each arm; the column is empty where the arm has no SFT."""
    varying = _varying(results)
    rows: list[tuple[str, str]] = []
    for arm in results:
        left, _, right = arm.name.partition(_ARROW)
        early = {key: arm.overrides[key] for key in varying if key in arm.overrides and not _is_late(key)}
        rows.append((left + _suffix(early), right))
    taken = Counter((row, right, arm.seed) for arm, (row, right) in zip(results, rows, strict=True))
    labels: list[tuple[str, str]] = []
    for arm, (row, right) in zip(results, rows, strict=True):
        late = {key: value for key, value in arm.overrides.items() if _is_late(key)}
        is_shared = bool(right) and taken[row, right, arm.seed] > 1
        labels.append((row, right + _suffix(late) if is_shared else right))
    return labels


def _varying(results: Sequence[ArmResult]) -> list[str]:
    """Override keys that tell arms apart: those that not all arms hold with one value."""
    keys = dict.fromkeys(key for arm in results for key in arm.overrides if key not in _AXES)
    return [key for key in keys if len({arm.overrides.get(key) for arm in results}) > 1]


def _is_late(key: str) -> bool:
    return key.startswith(_AFTER_PRETRAINING)


def _suffix(overrides: dict[str, str]) -> str:
    return f" [{', '.join(f'{key}={value}' for key, value in overrides.items())}]" if overrides else ""
