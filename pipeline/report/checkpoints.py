"""Where each arm stands in the grid: a row (how it was pretrained), a column (what came after), a seed.

An arm's name gives both: "ldq > 2x shq" is row `ldq`, column `2x shq`; "ldq > shq > rl" has a column more, `shq > rl`.
Overrides that the name does not tell apart are added to the label, so that no two different checkpoints ever share a
cell.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.report.results import ArmResult, StageResult

BEFORE = "before SFT"
Stage = Literal["sft", "rl"]
_ARROW = " > "
_AFTER_PRETRAINING = ("sft.", "eval.", "rl.")  # overrides that leave the pretrained model as it is
_AFTER_SFT = ("rl.",)
_AXES = ("pretrain_mix", "sft_mix", "seed")  # said by the name, or averaged over


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One model of the sweep: an arm before its SFT, after it, or after RL."""

    pretrain: str
    sft: str  # BEFORE, or the label of what came after pretraining
    seed: int
    arm: ArmResult
    stage: Stage = "sft"  # the training that it comes out of, where `sft` is not BEFORE

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
        return self.arm.stages.get("eval:pretrain" if self.sft == BEFORE else f"eval:{self.stage}")

    @property
    def training(self) -> StageResult | None:
        """The artifact with its weights, where it exists."""
        if self.sft != BEFORE:
            return self.arm.stages.get(self.stage)
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
    for arm, labels in zip(results, _labels(results), strict=True):
        for sft, stage in _points_of(labels):
            checkpoint = Checkpoint(pretrain=labels.row, sft=sft, seed=arm.seed, arm=arm, stage=stage)
            key = (labels.row, sft, arm.seed)
            found[key] = _either(found[key], checkpoint) if key in found else checkpoint
    return list(found.values())


def anchor_of(row: str, column: str) -> str:
    """The id of a cell's provenance on the page."""
    return f"cell-{row}-{column}".replace(" ", "_")


def rows_of(models: Iterable[Checkpoint]) -> list[str]:
    """Row labels in order."""
    return list(dict.fromkeys(model.pretrain for model in models))


def columns_of(models: Iterable[Checkpoint]) -> list[str]:
    """Column labels in order: BEFORE first, those after RL last."""
    columns = {model.sft: model.stage for model in models}
    return sorted(columns, key=lambda column: (column != BEFORE, columns[column] == "rl"))


def column_title(column: str) -> str:
    """A column's head: "before SFT", "SFT shq", "SFT shq > rl"."""
    return column if column == BEFORE else f"SFT {column}"


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


@dataclass(frozen=True, slots=True)
class _Labels:
    """What an arm's checkpoints are called; empty where it has no such stage."""

    row: str
    sft: str
    rl: str


def _points_of(labels: _Labels) -> list[tuple[str, Stage]]:
    """An arm's columns, in the order of its training."""
    after: list[tuple[str, Stage]] = [(BEFORE, "sft")]
    if labels.sft:
        after.append((labels.sft, "sft"))
    if labels.rl:
        after.append((f"{labels.sft}{_ARROW}{labels.rl}", "rl"))
    return after


def _labels(results: Sequence[ArmResult]) -> list[_Labels]:
    """Labels of each arm's checkpoints."""
    varying = _varying(results)
    names: list[_Labels] = []
    for arm in results:
        left, sft, rl = (*arm.name.split(_ARROW, 2), "", "")[:3]
        early = {key: arm.overrides[key] for key in varying if key in arm.overrides and not _is_late(key)}
        names.append(_Labels(left + _suffix(early), sft, rl))
    taken = Counter((name, arm.seed) for arm, name in zip(results, names, strict=True))
    return [
        _told_apart(name, arm, varying) if taken[name, arm.seed] > 1 else name
        for arm, name in zip(results, names, strict=True)
    ]


def _told_apart(name: _Labels, arm: ArmResult, varying: Sequence[str]) -> _Labels:
    """The labels with those of `varying` that come after pretraining, each behind the stage that it belongs to."""
    late = {key: arm.overrides[key] for key in varying if key in arm.overrides and _is_late(key)}
    own = {key: value for key, value in late.items() if key.startswith(_AFTER_SFT)}
    tuned = {key: value for key, value in late.items() if key not in own}
    sft = name.sft and name.sft + _suffix(tuned)
    return _Labels(name.row, sft, name.rl and name.rl + _suffix(own))


def _varying(results: Sequence[ArmResult]) -> list[str]:
    """Override keys that tell arms apart: those that not all arms hold with one value."""
    keys = dict.fromkeys(key for arm in results for key in arm.overrides if key not in _AXES)
    return [key for key in keys if len({arm.overrides.get(key) for arm in results}) > 1]


def _is_late(key: str) -> bool:
    return key.startswith(_AFTER_PRETRAINING)


def _suffix(overrides: dict[str, str]) -> str:
    return f" [{', '.join(f'{key}={value}' for key, value in overrides.items())}]" if overrides else ""
