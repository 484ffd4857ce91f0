"""Was anything asked that was trained on? Structures of the training documents and of what is asked, and those in both.

A structure is what is left of a problem without its names and numbers, by its hash (`tasks.world.split`). Counted in
what the arms really read and asked - `documents.parquet` and `heldout.parquet` of curate, `rows.parquet` of eval, over
all seeds together -, not derived from the rule that is meant to keep them apart. Natural text has no structures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from pipeline.report.frames import records
from pipeline.report.results import ArmResult, StageResult
from pipeline.report.table import Cell, Column, Table, head, number, text_cell
from pipeline.tasks.world.split import split_of_hash

COLUMNS = ["one", "one_problems", "one_structures", "other", "other_problems", "other_structures", "both"]
TRAINED = "training documents"
HELD_OUT = "held-out documents"


@dataclass(slots=True)
class _Side:
    """Problems that stand on one side, by their structures."""

    structures: set[str] = field(default_factory=set[str])
    num_problems: int = 0

    def add(self, structures: pd.Series) -> None:
        """Some more problems' structures; empty ones are of no problem."""
        named = structures[structures.fillna("") != ""]
        self.num_problems += len(named)
        self.structures |= set(named)

    @property
    def counts(self) -> tuple[int, int]:
        """Problems and structures."""
        return self.num_problems, len(self.structures)

    @property
    def splits(self) -> set[str]:
        """Where the rule puts them."""
        return {split_of_hash(structure) for structure in self.structures}


def overlaps(results: Sequence[ArmResult]) -> pd.DataFrame:
    """COLUMNS, a row a pair of sides that must have nothing in common; none where nothing has a structure.

    Nor where no training document is at hand: committed results hold none.
    """
    sides = {name: side for name, side in _sides(results).items() if side.structures}
    if TRAINED not in sides:
        return pd.DataFrame(columns=COLUMNS)
    rows = [
        (one, *sides[one].counts, other, *sides[other].counts, len(sides[one].structures & sides[other].structures))
        for one, other in combinations(sides, 2)
        if one == TRAINED or (one != HELD_OUT and not sides[one].splits & sides[other].splits)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def overlap_table(frame: pd.DataFrame) -> Table:
    """All of `overlaps`."""
    rows = [
        [
            head(r["one"]),
            _counted(r["one_structures"], r["one_problems"]),
            text_cell(r["other"]),
            _counted(r["other_structures"], r["other_problems"]),
            number(r["both"], ",.0f"),
        ]
        for r in records(frame)
    ]
    titles = (("one side", False), ("structures", True), ("the other", False), ("structures", True), ("in both", True))
    return Table(
        name="splits",
        caption="Structures on either side, and in both",
        columns=[Column(title=title, is_number=is_number) for title, is_number in titles],
        rows=rows,
        frame=frame,
        note="A structure is a problem without its names and numbers; small: the problems that have them, all seeds "
        "together. Counted in the documents and the rows themselves.",
    )


def overlap_says(frame: pd.DataFrame) -> str:
    """The proof in a sentence, or its failure."""
    asked = frame[frame["one"] == TRAINED]
    total, both = int(asked["other_structures"].sum()), int(frame["both"].sum())
    if both:
        many = "1 structure stands" if both == 1 else f"{both:,} structures stand"
        return f"{many} on both sides: the scores on what was trained are no measure of reasoning."
    return f"None of the {total:,} structures that are asked or held out is in a training document."


def _sides(results: Sequence[ArmResult]) -> dict[str, _Side]:
    """Training documents first, then held-out ones, then each suite under its name and split."""
    sides = {TRAINED: _Side(), HELD_OUT: _Side()}
    for folder in _folders(results, lambda key, _: key.startswith("curate:")):
        if not (folder / "documents.parquet").exists():
            continue
        sides[TRAINED].add(_columns(folder / "documents.parquet", "structure")["structure"])
        sides[HELD_OUT].add(_columns(folder / "heldout.parquet", "structure")["structure"])
    asked: dict[str, _Side] = {}
    evals = _folders(results, lambda _, stage: stage.stage == "eval")
    frames = [_columns(folder / "rows.parquet", "suite", "structure", "problem").drop_duplicates() for folder in evals]
    rows = pd.concat(frames).drop_duplicates() if frames else pd.DataFrame(columns=["suite", "structure"])
    for suite, part in rows.groupby("suite", sort=True):
        asked.setdefault(str(suite), _Side()).add(part["structure"])
    named = {f"suite {name} ({', '.join(sorted(side.splits))})": side for name, side in sorted(asked.items())}
    return sides | named


def _folders(results: Sequence[ArmResult], is_asked: Callable[[str, StageResult], bool]) -> list[Path]:
    """Of the stages that are asked for, each artifact's folder once."""
    stages = ((key, stage) for arm in results for key, stage in arm.stages.items())
    return list(dict.fromkeys(stage.folder for key, stage in stages if is_asked(key, stage)))


def _columns(path: Path, *names: str) -> pd.DataFrame:
    return pq.read_table(path, columns=list(names)).to_pandas()


def _counted(structures: int, problems: int) -> Cell:
    return number(structures, ",.0f", sub=f"{problems:,} problems")
