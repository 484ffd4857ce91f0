"""Scores taken apart: by depth, family and domain, on the look-up control; and bits per byte of unseen text.

Beside every accuracy stands the share of well-formed answers over the same problems: what the format costs, apart.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pandas as pd

from pipeline.report.checkpoints import Checkpoint
from pipeline.report.scores import (
    ACCURACY,
    FORMAT,
    HELD_OUT,
    LOOKUP_ACCURACY,
    LOOKUP_FORMAT,
    MODEL,
    Metric,
    problem_values,
)

_CELL = ["pretrain", "sft"]
_HELD_OUT_FORMAT = replace(FORMAT, name="held_out_format", held_out=True)


def by_depth(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, depth, accuracy, seeds, problems (a seed), format: trained families only."""
    return _with_format(scores, ACCURACY, FORMAT, ["depth"])


def by_family(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, held_out, domain, task, accuracy, seeds, problems (a seed), format."""
    return _trained_and_held_out(scores, ["held_out", "domain", "task"])


def by_domain(scores: pd.DataFrame) -> pd.DataFrame:
    """pretrain, sft, held_out, domain, accuracy, seeds, problems (a seed), format: problems weigh the same."""
    return _trained_and_held_out(scores, ["held_out", "domain"])


def _trained_and_held_out(scores: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    trained = _with_format(scores, ACCURACY, FORMAT, keys)
    held_out = _with_format(scores, HELD_OUT, _HELD_OUT_FORMAT, keys)
    parts = [part for part in (trained, held_out) if len(part)]
    return pd.concat(parts).sort_values(keys, kind="stable").reset_index(drop=True) if parts else trained


def _with_format(scores: pd.DataFrame, accuracy: Metric, form: Metric, keys: list[str]) -> pd.DataFrame:
    """Both metrics over the same problems, side by side."""
    means, shares = (
        _mean_over_seeds(problem_values(scores, metric).assign(held_out=metric.held_out), keys)
        for metric in (accuracy, form)
    )
    shares = shares.rename(columns={"accuracy": "format"})[[*_CELL, *keys, "format"]]
    return means.merge(shares, on=[*_CELL, *keys], how="left", sort=False)


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
