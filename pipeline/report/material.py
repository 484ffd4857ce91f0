"""What all sections draw from, read once; and what a section is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.report.board import Board
from pipeline.report.checkpoints import Checkpoint
from pipeline.report.config import Report
from pipeline.report.differences import baselines_of, differences
from pipeline.report.figures.draw import Drawing
from pipeline.report.results import ArmResult
from pipeline.report.scores import METRICS
from pipeline.report.table import Table
from pipeline.report.verdicts import read_verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page; its figures stand above its tables. A board is shown in its figures' place."""

    id: str
    nav: str  # its title in the contents
    title: str
    says: str
    figures: list[Drawing]
    tables: list[Table]
    board: Board | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What all sections draw from, read once."""

    config: Report
    results: Sequence[ArmResult]
    models: list[Checkpoint]
    scores: pd.DataFrame
    cells: pd.DataFrame  # `grid`
    contrasts: pd.DataFrame  # `differences`
    figures: Path  # where figure files go
    out: Path
    verdicts: pd.DataFrame = field(default_factory=lambda: read_verdicts(None))  # no rows: nothing was judged
    judged: str = ""  # the verdict artifact's folder, relative to `out`


def all_contrasts(config: Report, models: list[Checkpoint], scores: pd.DataFrame) -> pd.DataFrame:
    """Differences of every metric against the config's baselines."""
    baselines = baselines_of(models, config.pretrain_baseline, config.sft_baseline)
    return differences(models, scores, METRICS, baselines=baselines)


def drawn(drawing: Drawing | None) -> list[Drawing]:
    """A figure, where there was something to draw."""
    return [drawing] if drawing else []
