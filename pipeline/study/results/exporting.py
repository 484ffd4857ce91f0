"""What the store has of a sweep at one seed, as the files of `committed`.

What was committed before and is not in this store stays, so that seeds run on several machines come together.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pipeline.core.files import write_atomically
from pipeline.core.record import Record
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.store import Artifact, Store
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.node import Node
from pipeline.study.place import open_store
from pipeline.study.results.committed import committed_keys
from pipeline.study.results.committed_files import KEPT_FILES, ROWS, run_schema
from pipeline.study.results.drift import arm_key
from pipeline.study.results.measured import at_other_rates

Arm = tuple[Point, Study]
Row = dict[str, Any]
MAX_BYTES = 480_000  # a file: what is committed stays under 500 kB
_KINDS = ("greedy", "graded", "sample")
_LEFT_OUT = ("prompt_hash", "completion", "answer", "answer_logprob", "seed", "tried", "prefix", "gold_reasoning")
_KEPT = [name for name in SCORE_SCHEMA.names if name not in _LEFT_OUT]


def export_seed(seed: int, arms: Sequence[Arm], folder: Path) -> list[Path]:
    """Write the files of one seed; returns their paths, none where nothing was evaluated."""
    first = arms[0][1]
    assert first.sweep is not None
    store = open_store(first.context)
    hash_now = first.sweep.judged_by().hash
    new = [row for point, study in [*arms, *at_other_rates(arms)] for row in _rows_of(point, study, store, hash_now)]
    if not new:
        return []
    runs = sorted(_together(_old_rows(folder, seed), new), key=_order)
    tables = {row["fingerprint"]: _scores(row["folder"]) for row in new if row["key"].startswith("eval:")}
    wanted = {row["fingerprint"] for row in runs if row["key"].startswith("eval:")}
    tables |= {name: rows for name, rows in _old_scores(folder, seed).items() if name in wanted and name not in tables}
    folder.mkdir(parents=True, exist_ok=True)
    parts = _write_scores(folder, seed, tables)
    for path in set(folder.glob(f"scores-s{seed}-*.parquet")) - set(parts):
        path.unlink()
    return [_write(folder / f"runs-s{seed}.parquet", pa.Table.from_pylist(runs, schema=run_schema())), *parts]


def _together(old: Sequence[Row], new: Sequence[Row]) -> Iterator[Row]:
    """New rows in place of old ones of the same arm and stage; the same result keeps the claims' hash it came with."""
    before = {(row["arm"], row["key"]): row for row in old}
    told = {(row["arm"], row["key"]) for row in new}
    yield from (row for place, row in before.items() if place not in told)
    for row in new:
        known = before.get((row["arm"], row["key"]))
        is_known = known is not None and known["record"] == row["record"] and known["summary"] == row["summary"]
        yield {name: (known if known and is_known else row)[name] for name in run_schema().names}


def _rows_of(point: Point, study: Study, store: Store, claims_hash: str) -> Iterator[Row]:
    """An arm's stages, if it was evaluated; with the folder that its scores lie in."""
    graph = arm_graph(study)
    found = {key: _fresh(graph[key], store) for key in committed_keys(graph)}
    if all(artifact is None for key, artifact in found.items() if key.startswith("eval:")):
        return
    for key, artifact in found.items():
        if artifact is not None:
            yield {
                "arm": arm_key(point, study),
                "key": key,
                "fingerprint": artifact.fingerprint,
                "record": TypeAdapter(Record).dump_json(artifact.record).decode(),
                "summary": _summary(artifact),
                "claims_hash": claims_hash,
                "seed": study.seed,
                "folder": artifact.folder,
            }


def _fresh(node: Node, store: Store) -> Artifact | None:
    """The node's newest attempt, unless it no longer follows from its parents."""
    found = store.find(node.stage, node.fingerprint)
    return None if found is None or store.is_stale(found) else found


def _summary(artifact: Artifact) -> str:
    name = KEPT_FILES.get(artifact.stage)
    path = artifact.folder / name if name else None
    return path.read_text(encoding="utf-8") if path and path.exists() else ""


def _old_rows(folder: Path, seed: int) -> list[Row]:
    path = folder / f"runs-s{seed}.parquet"
    return pq.read_table(path).to_pylist() if path.exists() else []


def _old_scores(folder: Path, seed: int) -> dict[str, pd.DataFrame]:
    paths = sorted(folder.glob(f"scores-s{seed}-*.parquet"))
    frames = [pq.read_table(path).to_pandas() for path in paths]
    return {str(name): part for frame in frames for name, part in frame.groupby("fingerprint", sort=True)}


def _scores(folder: Path) -> pd.DataFrame:
    """An eval's rows, small: no prompts and completions, single precision, columns without a value left out."""
    rows = pd.read_parquet(folder / ROWS, columns=_KEPT)
    rows = rows[rows["kind"].isin(_KINDS)].dropna(axis="columns", how="all")
    numbers = rows.select_dtypes("float64").columns
    return rows.astype(dict.fromkeys(numbers, "float32"))


def _write_scores(folder: Path, seed: int, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """All evals in as few files as are small enough."""
    frames = [rows.assign(fingerprint=name) for name, rows in sorted(tables.items())]
    return [_write(folder / f"scores-s{seed}-{number}.parquet", part) for number, part in enumerate(_parts(frames))]


def _parts(frames: Sequence[pd.DataFrame]) -> Iterator[Any]:
    """Halved until each is small enough; one eval alone is not split."""
    table = pa.Table.from_pandas(pd.concat(frames, ignore_index=True), preserve_index=False)
    if len(frames) == 1 or len(_bytes(table)) <= MAX_BYTES:
        yield table
        return
    middle = len(frames) // 2
    yield from _parts(frames[:middle])
    yield from _parts(frames[middle:])


def _write(path: Path, table: Any) -> Path:
    write_atomically(path, _bytes(table))
    return path


def _bytes(table: Any) -> bytes:
    with pa.BufferOutputStream() as buffer:
        pq.write_table(table, buffer, compression="zstd", compression_level=19)
        return buffer.getvalue().to_pybytes()


def _order(row: Row) -> tuple[str, str]:
    return row["arm"], row["key"]
