"""Learning curves: loss against tokens, a shared trunk first and each arm's branch after it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from pipeline.core.checkpoint import Checkpoint as Trained
from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.results import StageResult

SHARED = "shared trunk"
COLUMNS = ["part", "line", "seed", "phase", "tokens", "loss", "lr"]
PRETRAINING, SFT = "pretraining", "SFT"


def curves(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """COLUMNS for each training artifact once. tokens: since the arm's first step (pretraining), or the SFT's."""
    frames: list[pd.DataFrame] = []
    rows = _rows_by_phase(models)
    seen: set[Path] = set()
    for model in models:
        start = 0
        for key, stage in phases_of(model):
            curve = _read(Trained(stage.folder).curve)
            tokens = curve["tokens_seen"] + start
            is_new = stage.folder not in seen
            seen.add(stage.folder)
            start = int(tokens.iloc[-1]) if len(tokens) else start
            if is_new and len(curve):
                line = model.name if key == "sft" else _line(rows[stage.folder])
                names = {"part": SFT if key == "sft" else PRETRAINING, "line": line, "seed": model.seed, "phase": key}
                frames.append(curve.assign(tokens=tokens, **names)[COLUMNS])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def phases_of(model: Checkpoint) -> list[tuple[str, StageResult]]:
    """The stages that trained a model, in order: all pretraining phases, or the SFT, or the RL."""
    stages = model.arm.stages.items()
    if model.sft == BEFORE:
        return [(key, stage) for key, stage in stages if key.startswith("pretrain:")]
    return [(key, stage) for key, stage in stages if key == model.stage]


def _read(path: Path) -> pd.DataFrame:
    """tokens_seen, loss, lr; no rows where a stage leaves another kind of curve, as RL does."""
    columns = ["tokens_seen", "loss", "lr"]
    if not path.is_file() or not set(columns) <= set(pq.read_schema(path).names):
        return pd.DataFrame(columns=columns)
    return pd.read_parquet(path, columns=columns)


def _rows_by_phase(models: Sequence[Checkpoint]) -> dict[Path, list[str]]:
    """Which rows each pretraining artifact belongs to."""
    rows: dict[Path, list[str]] = {}
    for model in models:
        for _, stage in phases_of(model):
            rows.setdefault(stage.folder, []).append(model.pretrain)
    return rows


def _line(rows: list[str]) -> str:
    return rows[0] if len(set(rows)) == 1 else SHARED
