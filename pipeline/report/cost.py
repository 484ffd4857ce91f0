"""What each arm cost, and the sweep: a stage that arms share is in each arm's sum, but in the total once."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from pipeline.report.results import ArmResult, StageResult

TOTAL = "whole sweep"
_PARTS = {name: name for name in ("pretrain", "sft", "rl", "eval")}  # every other stage makes data
_COUNTS = ["tokens", "loss_tokens", "generated_tokens", "flops", "seconds", "own_seconds"]
COLUMNS = ["arm", "seed", "stages", *_COUNTS]


def cost(results: Sequence[ArmResult]) -> pd.DataFrame:
    """COLUMNS for each arm at each seed, then TOTAL (seed -1: all seeds).

    tokens, loss_tokens: of training stages. own_seconds: of stages that no other arm uses.
    """
    users = _users(results)
    rows = [{"arm": arm.name, "seed": arm.seed} | _sum(arm.stages.items(), users) for arm in results]
    every = {stage.folder: (key, stage) for arm in results for key, stage in arm.stages.items()}
    total = _sum(every.values(), users) | {"own_seconds": sum(stage.wall_seconds for _, stage in every.values())}
    return pd.DataFrame([*rows, {"arm": TOTAL, "seed": -1} | total], columns=COLUMNS)


def cost_by_stage(results: Sequence[ArmResult]) -> pd.DataFrame:
    """stage, artifacts, tokens read, flops, seconds: every artifact of the sweep once."""
    every = {stage.folder: stage for arm in results for stage in arm.stages.values()}
    rows = [
        (stage.stage, 1, stage.ledger.input_tokens, stage.ledger.flops, stage.wall_seconds) for stage in every.values()
    ]
    frame = pd.DataFrame(rows, columns=["stage", "artifacts", "tokens", "flops", "seconds"])
    return frame.groupby("stage", sort=False).sum().reset_index()


def cost_of_arms(results: Sequence[ArmResult]) -> pd.DataFrame:
    """arm, part, flops, seconds: mean over seeds; part: data, pretrain, sft, rl or eval, in running order."""
    rows = [
        (arm.name, arm.seed, _PARTS.get(stage.stage, "data"), stage.ledger.flops, stage.wall_seconds)
        for arm in results
        for stage in arm.stages.values()
    ]
    frame = pd.DataFrame(rows, columns=["arm", "seed", "part", "flops", "seconds"])
    seeds = frame.groupby(["arm", "seed", "part"], sort=False).sum().reset_index()
    return seeds.groupby(["arm", "part"], sort=False)[["flops", "seconds"]].mean().reset_index()


def _users(results: Sequence[ArmResult]) -> dict[str, int]:
    """How many arms use each artifact, by folder."""
    users: dict[str, int] = {}
    for arm in results:
        for folder in {str(stage.folder) for stage in arm.stages.values()}:
            users[folder] = users.get(folder, 0) + 1
    return users


def _sum(stages: Iterable[tuple[str, StageResult]], users: dict[str, int]) -> dict[str, Any]:
    counts: dict[str, Any] = dict.fromkeys(["stages", *_COUNTS], 0)
    for key, stage in stages:
        ledger, is_training = stage.ledger, key in ("sft", "rl") or key.startswith("pretrain:")
        counts["stages"] += 1
        counts["tokens"] += ledger.input_tokens if is_training else 0
        counts["loss_tokens"] += ledger.loss_tokens if is_training else 0
        counts["generated_tokens"] += ledger.generated_tokens
        counts["flops"] += ledger.flops
        counts["seconds"] += stage.wall_seconds
        counts["own_seconds"] += stage.wall_seconds if users[str(stage.folder)] == 1 else 0.0
    return counts
