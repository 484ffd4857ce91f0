"""The files of committed results, `docs/results/<sweep>/`: what stands in them, and a stage's folder made of them.

runs-s<seed>.parquet           a row an arm and stage: its record whole, with literals, ledger and provenance, and
                               the small file that the report reads (KEPT_FILES)
scores-s<seed>-<part>.parquet  per-problem rows of every eval, without prompts and completions
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pipeline.core.checksum import RECORD, file_checksum
from pipeline.core.errors import UserError
from pipeline.core.files import write_atomically
from pipeline.core.record import Record

if TYPE_CHECKING:
    import pandas as pd

KEPT_FILES = {"eval": "summary.json", "curate": "card.json", "mix": "plan.json"}  # by stage, where it left one
ROWS = "rows.parquet"


@dataclass(frozen=True, slots=True)
class Run:
    """One stage of one committed arm."""

    record: Record
    summary: str  # the text of its kept file
    claims_hash: str  # of the sweep's claims when it was first exported


def run_schema() -> Any:
    """The columns of `runs-s<seed>.parquet`."""
    import pyarrow as pa

    texts = ("arm", "key", "fingerprint", "record", "summary", "claims_hash")
    return pa.schema([*((name, pa.string()) for name in texts), ("seed", pa.int64())])


def read_runs(folder: Path) -> dict[tuple[str, int], dict[str, Run]]:
    """Arm and seed to its stages by key. Raises UserError for a file that is no such table."""
    found: dict[tuple[str, int], dict[str, Run]] = {}
    for path in sorted(folder.glob("runs-s*.parquet")):
        for arm, seed, key, run in _read_runs(path, file_checksum(path)):
            found.setdefault((arm, seed), {})[key] = run
    return found


def unpack(folder: Path, seed: int, run: Run, unpacked: Path) -> Path:
    """A folder with what was committed of a stage: its record, its kept file, an eval's rows.

    Raises UserError where the rows of an eval are not among the seed's scores.
    """
    into = unpacked / f"{run.record.fingerprint[:12]}-{run.record.content[:12]}"
    if not (into / RECORD).exists():
        into.mkdir(parents=True, exist_ok=True)
        if run.record.stage == "eval":
            write_atomically(into / ROWS, _rows_of(folder, seed, run.record))
        if run.summary and run.record.stage in KEPT_FILES:
            write_atomically(into / KEPT_FILES[run.record.stage], run.summary.encode())
        run.record.save(into)  # last: it is what is asked for
    return into


def _rows_of(folder: Path, seed: int, record: Record) -> bytes:
    """An eval's rows as Parquet, with nulls where a column was not committed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from pipeline.core.scores import SCORE_SCHEMA

    paths = tuple(sorted(folder.glob(f"scores-s{seed}-*.parquet")))
    rows = _read_scores(paths, tuple(file_checksum(path) for path in paths))
    own = rows[rows["fingerprint"] == record.fingerprint]
    if own.empty:
        raise UserError(f"{folder} has no scores of {record.label}; export that seed again")
    columns = [
        pa.array(own[field.name], type=field.type, from_pandas=True)
        if field.name in own
        else pa.nulls(len(own), field.type)
        for field in SCORE_SCHEMA
    ]
    with pa.BufferOutputStream() as buffer:
        pq.write_table(pa.Table.from_arrays(columns, schema=SCORE_SCHEMA), buffer, compression="zstd")
        return buffer.getvalue().to_pybytes()


@lru_cache(maxsize=64)
def _read_runs(path: Path, _: str) -> list[tuple[str, int, str, Run]]:
    rows = _table(path, run_schema().names).to_pylist()
    return [(row["arm"], row["seed"], row["key"], _run(row)) for row in rows]


def _run(row: dict[str, Any]) -> Run:
    return Run(TypeAdapter(Record).validate_json(row["record"]), row["summary"], row["claims_hash"])


@lru_cache(maxsize=2)
def _read_scores(paths: tuple[Path, ...], _: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    if not paths:
        return pd.DataFrame(columns=["fingerprint"])
    return pd.concat([_table(path, ["fingerprint"]).to_pandas() for path in paths])


def _table(path: Path, columns: Sequence[str]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path} cannot be read ({error}); get it again from the repository, or export it again"
        ) from None
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise UserError(f"{path} has no column {missing[0]!r}; export that seed again")
    return table
