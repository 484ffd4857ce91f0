"""Scores taken apart: by depth, by family, on the look-up control; and bits per byte of unseen text."""

from collections.abc import Sequence

import orjson
import pandas as pd

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.scores import (
    ACCURACY,
    HELD_OUT,
    LOOKUP_ACCURACY,
    LOOKUP_FORMAT,
    MODEL,
    problem_values,
)

_CELL = ["pretrain", "sft"]


def by_depth(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, depth, accuracy, seeds, problems (a seed): trained families only."""
    return _mean_over_seeds(problem_values(scores, ACCURACY), ["depth"])


def by_family(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, held_out, domain, task, accuracy, seeds, problems (a seed)."""
    trained = problem_values(scores, ACCURACY).assign(held_out=False)
    held_out = problem_values(scores, HELD_OUT).assign(held_out=True)
    parts = [part for part in (trained, held_out) if len(part)]
    values = pd.concat(parts, ignore_index=True) if parts else trained
    families = ["held_out", "domain", "task"]
    return _mean_over_seeds(values, families).sort_values(families, kind="stable").reset_index(drop=True)


def lookup(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, accuracy, format, seeds, problems (a seed): questions that need the format only."""
    accuracy = _mean_over_seeds(problem_values(scores, LOOKUP_ACCURACY), [])
    shares = _mean_over_seeds(problem_values(scores, LOOKUP_FORMAT), []).rename(columns={"accuracy": "format"})
    return accuracy.merge(shares[[*_CELL, "format"]], on=_CELL)


def bits_per_byte(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """pretrain, sft, seed, corpus, bits_per_byte, as each eval's summary gives them."""
    rows = [
        (model.pretrain, model.sft, model.seed, corpus, float(bits))
        for model in models
        if model.evaluation is not None
        for corpus, bits in orjson.loads((model.evaluation.folder / "summary.json").read_bytes())[
            "bits_per_byte"
        ].items()
    ]
    return pd.DataFrame(rows, columns=[*MODEL, "corpus", "bits_per_byte"])


def _mean_over_seeds(values: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean over problems within each seed, then over seeds: seeds weigh the same."""
    seeds = values.groupby([*_CELL, *keys, "seed"], sort=False)["value"].agg(["mean", "size"]).reset_index()
    cells = seeds.groupby([*_CELL, *keys], sort=False)
    means = cells.agg(accuracy=("mean", "mean"), seeds=("seed", "nunique"), problems=("size", "mean"))
    return means.reset_index().assign(problems=lambda frame: frame["problems"].round().astype(int))
