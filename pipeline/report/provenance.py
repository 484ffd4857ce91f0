"""The way back from every number: scores, weights, config, data, command, seed, commit; what is stale or missing."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.core.checksum import RECORD
from pipeline.core.plan import MixPlan
from pipeline.report.cards import card_path
from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.results import ArmResult, StageResult

COLUMNS = [
    "pretrain", "sft", "seed", "state", "scores", "scores_fingerprint", "scores_content", "weights",
    "weights_fingerprint", "config", "card", "plans", "shards", "commit", "command", "anchor",
]  # fmt: skip
BETWEEN = "; "  # entries of `plans` and `shards`, each "name=path"


def provenance(models: Sequence[Checkpoint], *, out: Path) -> pd.DataFrame:
    """COLUMNS, one row a checkpoint and seed; paths are relative to `out`."""
    return pd.DataFrame([_row(model, out) for model in models], columns=COLUMNS)


def every_artifact(results: Sequence[ArmResult], *, out: Path) -> pd.DataFrame:
    """stage, label, seed, fingerprint, content, folder, seconds, arms (that use it), stale: each artifact once."""
    found: dict[Path, list[Any]] = {}
    for arm in results:
        for stage in {stage.folder: stage for stage in arm.stages.values()}.values():
            row = found.setdefault(stage.folder, [stage, 0])
            row[1] += 1
    rows = [
        (
            s.stage,
            s.label,
            s.seed,
            s.fingerprint,
            s.content,
            _relative(s, out),
            s.wall_seconds,
            arms,
            "; ".join(s.stale),
        )
        for s, arms in found.values()
    ]
    names = ["stage", "label", "seed", "fingerprint", "content", "folder", "seconds", "arms", "stale"]
    return pd.DataFrame(rows, columns=names)


def state_of(model: Checkpoint) -> str:
    """done; stale, with why; or which stages are missing."""
    if model.evaluation is None:
        return f"missing: {', '.join(model.arm.missing)}" if model.arm.missing else "missing"
    return f"stale: {'; '.join(model.stale)}" if model.stale else "done"


def _row(model: Checkpoint, out: Path) -> dict[str, Any]:
    scores, weights = model.evaluation, model.training
    plans = list(_plans(model))
    corpora = dict.fromkeys(corpus for _, plan in plans for corpus in _corpora(plan))
    shards = [(name, stage) for name in corpora if (stage := model.arm.stages.get(f"tokenize:{name}"))]
    return {
        "pretrain": model.pretrain,
        "sft": model.sft,
        "seed": model.seed,
        "state": state_of(model),
        "scores": _relative(scores, out),
        "scores_fingerprint": scores.fingerprint if scores else "",
        "scores_content": scores.content if scores else "",
        "weights": _relative(weights, out),
        "weights_fingerprint": weights.fingerprint if weights else "",
        "config": f"{_relative(weights, out)}/{RECORD}" if weights else "",
        "card": card_path(model),
        "plans": BETWEEN.join(f"{name}={_relative(stage, out)}" for name, stage in plans),
        "shards": BETWEEN.join(f"{name}={_relative(stage, out)}" for name, stage in shards),
        "commit": scores.commit if scores else "",
        "command": model.arm.command,
        "anchor": model.anchor,
    }


def _plans(model: Checkpoint) -> Iterator[tuple[str, StageResult]]:
    """The mix of each stretch of training behind a checkpoint."""
    for key, stage in model.arm.stages.items():
        phase = key.removeprefix("mix:")
        if phase != key and (phase != "sft" or model.sft != BEFORE):
            yield phase, stage


def _corpora(plan: StageResult) -> list[str]:
    return [source.corpus for source in MixPlan.load(plan.folder / "plan.json").sources]


def _relative(stage: StageResult | None, out: Path) -> str:
    return Path(os.path.relpath(stage.folder, out)).as_posix() if stage else ""
