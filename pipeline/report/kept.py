"""Scores on the way: checkpoints kept while a stage trained, each evaluated like the last one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.learning import PRETRAINING, SFT, phases_of
from pipeline.report.results import StageResult
from pipeline.report.scores import ACCURACY, FORMAT, GRADED, problem_values, read_rows

_METRICS = (ACCURACY, GRADED, FORMAT)
COLUMNS = ["part", "line", "seed", "tokens", *(metric.name for metric in _METRICS)]


def kept_scores(models: Sequence[Checkpoint]) -> pd.DataFrame:
    """COLUMNS for every checkpoint kept on the way and, where there are any, the one at the end; each artifact once.

    tokens: of the arm's pretraining so far, or loss-bearing ones of its SFT.
    """
    found: dict[Path, list[object]] = {}
    for model in models:
        points = list(_points(model))
        if points and model.evaluation:
            points.append((_end(model), model.evaluation))
        part = PRETRAINING if model.sft == BEFORE else SFT
        for tokens, evaluation in points:
            if evaluation.folder not in found:
                found[evaluation.folder] = [part, model.name, model.seed, tokens, *_means(evaluation)]
    return pd.DataFrame(found.values(), columns=COLUMNS)


def _points(model: Checkpoint) -> Iterator[tuple[int, StageResult]]:
    """(tokens, evaluation) of each kept checkpoint that has been evaluated."""
    start = 0
    for key, stage in phases_of(model):
        for name, evaluation in model.arm.stages.items():
            if name.startswith(f"eval:{key}@"):
                yield start + int(name.rpartition("@")[2]), evaluation
        start += stage.ledger.input_tokens


def _end(model: Checkpoint) -> int:
    ledgers = [stage.ledger for _, stage in phases_of(model)]
    return sum(ledger.input_tokens if model.sft == BEFORE else ledger.loss_tokens for ledger in ledgers)


def _means(evaluation: StageResult) -> list[float]:
    rows = read_rows(evaluation).assign(pretrain="", sft="", seed=0)
    return [float(problem_values(rows, metric)["value"].mean()) for metric in _METRICS]
