"""Results that were committed: `docs/results/<sweep>/`, read by report, power and verdict like the store's.

    runs-s<seed>.parquet         a row an arm and stage: its record whole, with literals, ledger and provenance
    scores-s<seed>-<part>.parquet  per-problem rows of every eval, without prompts and completions

They are found by arm and seed, not by fingerprint, so that another processor or a later version of a room does not hide
them: what of the config is different now is named beside every verdict, and a result of another config is not used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pipeline.core.checksum import file_checksum
from pipeline.core.errors import UserError
from pipeline.core.files import write_atomically
from pipeline.core.fingerprint import ABSENT, canonical, changes
from pipeline.core.record import Record
from pipeline.study.claimed import own_settings
from pipeline.study.graph import arm_graph
from pipeline.study.node import Node
from pipeline.study.schema import Study
from pipeline.study.sweep import Point
from pipeline.verdict.results import Measured

if TYPE_CHECKING:
    import pandas as pd

_OF_THE_MACHINE = ("compile", "precision", "threads", "micro_batch_rows")  # literals that follow the processor
_UNPACKED = ".committed"


@dataclass(frozen=True, slots=True)
class Run:
    """One stage of one committed arm."""

    record: Record
    summary: str
    claims_hash: str


class Committed:
    """The committed results of one sweep."""

    def __init__(self, folder: Path, unpacked: Path) -> None:
        self.folder = folder
        self._unpacked = unpacked

    @cached_property
    def runs(self) -> dict[tuple[str, int], dict[str, Run]]:
        """Arm and seed to its stages by key. Raises UserError for a file that is no such table."""
        found: dict[tuple[str, int], dict[str, Run]] = {}
        for path in sorted(self.folder.glob("runs-s*.parquet")):
            for row in _rows(path, run_schema().names).to_pylist():
                run = Run(_record(row["record"]), row["summary"], row["claims_hash"])
                found.setdefault((row["arm"], row["seed"]), {})[row["key"]] = run
        return found

    @property
    def seeds(self) -> list[int]:
        """The seeds that have results."""
        return sorted({seed for _, seed in self.runs})

    def run_of(self, point: Point, study: Study, key: str) -> tuple[Run, tuple[str, ...]] | None:
        """A stage of an arm, and how its config and its parents' differ from today's; None where it is of another."""
        stages = self.runs.get((arm_key(point, study), study.seed), {})
        graph = arm_graph(study)
        if key not in stages or key not in graph:
            return None
        needed = {node.fingerprint for node in graph[key].ancestors()}
        drift: dict[str, None] = {}
        for name, node in graph.items():
            if node.fingerprint in needed and name in stages:
                differences = differences_of(stages[name].record, node)
                if differences is None:
                    return None
                drift |= dict.fromkeys(differences)
        return stages[key], tuple(drift)

    def checkpoint(self, point: Point, study: Study, names: tuple[str, ...], key: str) -> Measured | None:
        """An arm's checkpoint as the verdict room needs it."""
        from pipeline.study.measured import make, stage_use

        found = self.run_of(point, study, key)
        if found is None:
            return None
        run, drift = found
        stages = self.runs[arm_key(point, study), study.seed]
        is_tuned = key == "eval:sft"
        trained = [name for name in stages if name.startswith("pretrain:") or (is_tuned and name == "sft")]
        uses = (*(stage_use(name, stages[name].record) for name in trained), stage_use("eval", run.record))
        return make(study, names, uses, self.unpack(study.seed, run), is_tuned=is_tuned, drift=drift)

    def unpack(self, seed: int, run: Run) -> Path:
        """A folder with an eval's rows and summary, as its artifact had them but for what was not committed."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from pipeline.core.scores import SCORE_SCHEMA

        folder = self._unpacked / f"{run.record.fingerprint[:12]}-{run.record.content[:12]}"
        if not (folder / "summary.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            rows = self._scores(seed)
            own = rows[rows["fingerprint"] == run.record.fingerprint]
            if own.empty:
                raise UserError(f"{self.folder} has no scores of {run.record.label}; export that seed again")
            columns = [
                pa.array(own[field.name], type=field.type, from_pandas=True)
                if field.name in own
                else pa.nulls(len(own), field.type)
                for field in SCORE_SCHEMA
            ]
            table = pa.Table.from_arrays(columns, schema=SCORE_SCHEMA)
            with pa.BufferOutputStream() as buffer:
                pq.write_table(table, buffer, compression="zstd")
                write_atomically(folder / "rows.parquet", buffer.getvalue().to_pybytes())
            write_atomically(folder / "summary.json", run.summary.encode())  # last: it is what is asked for
        return folder

    def _scores(self, seed: int) -> "pd.DataFrame":
        paths = sorted(self.folder.glob(f"scores-s{seed}-*.parquet"))
        return _read_scores(tuple(paths), tuple(file_checksum(path) for path in paths))


def open_committed(study: Study) -> Committed:
    """What was committed of the study's sweep; empty where there is no sweep, or no folder."""
    name = study.sweep.name if study.sweep else ".none"
    return Committed(study.context.results / name, study.context.store / _UNPACKED / name)


def arm_key(point: Point, study: Study) -> str:
    """What an arm is called in committed results: its settings and its SFT learning rate."""
    return canonical({**own_settings(point, study), "rate": study.sft.optimizer.lr})


def differences_of(record: Record, node: Node) -> list[str] | None:
    """How a record's config differs from a node's, in words; None where it is another config.

    The machine's share (threads, precision, compiling), keys that one of them does not know, and versions of rooms
    are differences to be named; another value is another config.
    """
    if record.fingerprint == node.fingerprint:
        return []
    told: list[str] = []
    asked: Mapping[str, Any] = {**node.literals, "kind": node.kind, "roles": list(node.parents)}
    for path, then, now in changes(record.literals, asked):
        if ABSENT not in (then, now) and path.rpartition(".")[2] not in _OF_THE_MACHINE:
            return None
        told.append(f"committed {node.stage} has {path} {then}, now {now}")
    if str(record.version) != node.version:
        told.append(f"committed {node.stage} is of version {record.version}, now {node.version}")
    return told


def run_schema() -> Any:
    """The columns of `runs-s<seed>.parquet`."""
    import pyarrow as pa

    texts = ("arm", "key", "fingerprint", "record", "summary", "claims_hash")
    return pa.schema([*((name, pa.string()) for name in texts), ("seed", pa.int64())])


def _rows(path: Path, columns: Sequence[str]) -> Any:
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


@lru_cache(maxsize=4096)
def _record(text: str) -> Record:
    return TypeAdapter(Record).validate_json(text)


@lru_cache(maxsize=2)
def _read_scores(paths: tuple[Path, ...], _: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    if not paths:
        return pd.DataFrame(columns=["fingerprint"])
    return pd.concat([_rows(path, ["fingerprint"]).to_pandas() for path in paths])


def committed_keys(graph: Mapping[str, Node]) -> Iterator[str]:
    """The stages of an arm whose records are committed: what was trained and evaluated, and the data it was made of."""
    yield from (key for key in graph if not key.startswith(("sources", "tokenize")) and "@" not in key)
