"""The way back from every number: folder, fingerprint, command, seed, commit; what is stale or missing."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.results import StageResult

COLUMNS = [
    "pretrain", "sft", "seed", "state", "scores", "scores_fingerprint", "scores_content", "weights",
    "weights_fingerprint", "commit", "command", "anchor",
]  # fmt: skip


def provenance(models: Sequence[Checkpoint], *, out: Path) -> pd.DataFrame:
    """COLUMNS, one row a checkpoint and seed; folders are relative to `out`."""
    return pd.DataFrame([_row(model, out) for model in models], columns=COLUMNS)


def state_of(model: Checkpoint) -> str:
    """done; stale, with why; or which stages are missing."""
    if model.evaluation is None:
        return f"missing: {', '.join(model.arm.missing)}" if model.arm.missing else "missing"
    return f"stale: {'; '.join(model.stale)}" if model.stale else "done"


def _row(model: Checkpoint, out: Path) -> dict[str, Any]:
    scores, weights = model.evaluation, model.training
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
        "commit": scores.commit if scores else "",
        "command": model.arm.command,
        "anchor": model.anchor,
    }


def _relative(stage: StageResult | None, out: Path) -> str:
    return Path(os.path.relpath(stage.folder, out)).as_posix() if stage else ""
