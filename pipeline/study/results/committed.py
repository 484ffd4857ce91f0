"""Results that were committed: `docs/results/<sweep>/`, read by report, power and verdict like the store's.

They are found by arm and seed, so that another processor or a later version of a room does not hide them: what of the
config is different now is named beside every verdict (`drift`), and a result of another config is not used.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from pipeline.core.record import Record
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.node import Node
from pipeline.study.results.committed_files import Run, read_runs, unpack
from pipeline.study.results.drift import arm_key, differences_of
from pipeline.verdict.results import Measured

_UNPACKED = ".committed"
Found = tuple[Run, tuple[str, ...]]  # a stage, and how its config and its parents' differ from today's


class Committed:
    """The committed results of one sweep."""

    def __init__(self, folder: Path, unpacked: Path) -> None:
        self.folder = folder
        self._unpacked = unpacked
        self._compared: dict[tuple[str, str], list[str] | None] = {}

    @cached_property
    def runs(self) -> dict[tuple[str, int], dict[str, Run]]:
        """Arm and seed to its stages by key. Raises UserError for a file that is no such table."""
        return read_runs(self.folder)

    @property
    def seeds(self) -> list[int]:
        """The seeds that have results."""
        return sorted({seed for _, seed in self.runs})

    def of_arm(self, point: Point, study: Study, graph: Mapping[str, Node]) -> dict[str, Found]:
        """The stages of an arm by key; those of another config, or made from such, are left out."""
        stages = self.runs.get((arm_key(point, study), study.seed), {})
        by_node = {node.fingerprint: key for key, node in graph.items() if key in stages}
        found: dict[str, Found] = {}
        for key in (key for key in graph if key in stages):
            needed = dict.fromkeys(by_node[n.fingerprint] for n in graph[key].ancestors() if n.fingerprint in by_node)
            differences = [self._differences(stages[name].record, graph[name]) for name in needed]
            if None not in differences:
                found[key] = stages[key], tuple(dict.fromkeys(why for each in differences for why in each or ()))
        return found

    def checkpoint(self, point: Point, study: Study, names: tuple[str, ...], key: str) -> Measured | None:
        """An arm's checkpoint as the verdict room needs it; None where it was not committed."""
        from pipeline.study.results.measured import make, stage_use

        graph = arm_graph(study)
        found = self.of_arm(point, study, graph)
        if key not in found:
            return None
        run, drift = found[key]
        is_tuned = key == "eval:sft"
        trained = [name for name in graph if name.startswith("pretrain:") or (is_tuned and name == "sft")]
        uses = [stage_use(name, found[name][0].record) for name in trained if name in found]
        return make(
            study, names, (*uses, stage_use("eval", run.record)), self.unpack(study.seed, run),
            is_tuned=is_tuned, missing=tuple(name for name in trained if name not in found), drift=drift,
        )  # fmt: skip

    def unpack(self, seed: int, run: Run) -> Path:
        """A folder with what was committed of a stage."""
        return unpack(self.folder, seed, run, self._unpacked)

    def _differences(self, record: Record, node: Node) -> list[str] | None:
        key = (record.fingerprint, node.fingerprint)
        if key not in self._compared:
            self._compared[key] = differences_of(record, node)
        return self._compared[key]


def open_committed(study: Study) -> Committed:
    """What was committed of the study's sweep; empty where there is no sweep, or no folder."""
    name = study.sweep.name if study.sweep else ".none"
    return Committed(study.context.results / name, study.context.store / _UNPACKED / name)


def committed_keys(graph: Mapping[str, Node]) -> Iterator[str]:
    """The stages of an arm whose records are committed: what was trained and evaluated, and the data it was made of."""
    yield from (key for key in graph if not key.startswith(("sources", "tokenize")) and "@" not in key)
