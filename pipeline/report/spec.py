"""The page as data: `report.json` holds its words, tables and figures' names, so that other dashboards say the same.

    {"schema": 1, "title": .., "sweep": .., "question": .., "answer": [..], "note": ..,
     "sections": [{"id", "title", "says", "figures": [{"name", "caption", "alt"}],
                   "tables": [{"name", "caption", "note", "folded", "columns": [..], "rows": [[..]]}]}],
     "runs": [{"id", "stage", "label", "seed"}]}

Cells are as they are read on the page: "36.1 [31.0, 41.2]". runs: the training runs, by the ids that W&B knows them by.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from pipeline.report.config import QUESTION
from pipeline.report.material import Material, Section
from pipeline.report.table import Cell, Table

FILE = "report.json"
SCHEMA = 1
ID_DIGITS = 16  # of a fingerprint, in a W&B run's id
_TRAINING = ("pretrain", "sft", "rl")


def write_spec(material: Material, parts: Sequence[Section], sentences: Sequence[str], out: Path) -> None:
    """Write `report.json` into `out`."""
    spec = {
        "schema": SCHEMA,
        "title": material.config.title,
        "sweep": material.config.sweep,
        "question": QUESTION,
        "answer": list(sentences),
        "note": material.config.note,
        "sections": [_section(part) for part in parts],
        "runs": _runs(material),
    }
    (out / FILE).write_bytes(orjson.dumps(spec, option=orjson.OPT_INDENT_2))


def _section(part: Section) -> dict[str, Any]:
    return {
        "id": part.id,
        "title": part.title,
        "says": part.says,
        "figures": [{"name": each.name, "caption": each.caption, "alt": each.alt} for each in part.figures],
        "tables": [_table(table) for table in part.tables],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "caption": table.caption,
        "note": table.note,
        "folded": table.is_long,
        "columns": [column.title for column in table.columns],
        "rows": [[_text(cell) for cell in row] for row in table.rows],
    }


def _text(cell: Cell) -> str:
    parts = [cell.text, cell.sub, *(text for text, _ in cell.links)]
    return " ".join(part.replace("\u00a0", " ") for part in parts if part)


def _runs(material: Material) -> list[dict[str, Any]]:
    stages = {stage.folder: stage for arm in material.results for stage in arm.stages.values()}
    return [
        {"id": stage.fingerprint[:ID_DIGITS], "stage": stage.stage, "label": stage.label, "seed": stage.seed}
        for stage in stages.values()
        if stage.stage in _TRAINING
    ]
