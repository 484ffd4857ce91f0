"""A model card with scores for every checkpoint of the sweep: `cards/<checkpoint>-s<seed>/README.md`.

The checkpoint's own card knows its data and its ledger but no scores, which came later; this one has both, and the
arm's name. Copy it over the one beside the weights before `push_to_hub`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import orjson
import pandas as pd

from pipeline.core.card import FILE, LINEAGE, as_card
from pipeline.core.checkpoint import Checkpoint as Trained
from pipeline.report.checkpoints import Checkpoint
from pipeline.report.frames import records
from pipeline.report.scores import METRICS, MODEL, problem_values

Score = tuple[str, str, float, str]  # metric, what it was measured on, value, unit


def card_path(model: Checkpoint) -> str:
    """Where a checkpoint's card lies, relative to the page; empty where its weights say nothing of their making."""
    if model.training is None or not (Trained(model.training.folder).model / LINEAGE).is_file():
        return ""
    name = re.sub(r"[^\w.=+-]+", "_", model.name).strip("_") or "checkpoint"
    return f"cards/{name}-s{model.seed}-{model.training.fingerprint[:8]}/{FILE}"


def write_cards(models: Sequence[Checkpoint], scores: pd.DataFrame, out: Path, note: str) -> None:
    """Write them all. scores: `scores.read_scores`."""
    means = _means(scores)
    for model in models:
        path = card_path(model)
        if path and model.training is not None:
            about = orjson.loads((Trained(model.training.folder).model / LINEAGE).read_bytes())
            known = means.get((model.pretrain, model.sft, model.seed), [])
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(as_card(about, name=f"{model.name}, seed {model.seed}", scores=known, note=note), "utf-8")


def _means(scores: pd.DataFrame) -> dict[tuple[str, str, int], list[Score]]:
    """Of each checkpoint at each seed, every metric that it has, over its suites."""
    found: dict[tuple[str, str, int], list[Score]] = {}
    if scores.empty:
        return found
    suites = ", ".join(dict.fromkeys(scores["suite"]))
    for metric in METRICS:
        values = problem_values(scores, metric)
        for row in records(values.groupby(MODEL, sort=False)["value"].mean().reset_index()):
            key = (row["pretrain"], row["sft"], row["seed"])
            found.setdefault(key, []).append((metric.title, suites, row["value"], metric.unit))
    return found
