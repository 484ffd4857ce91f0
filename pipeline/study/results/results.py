"""What the store holds of an arm, or else what was committed of it, as the report needs it."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.record import Record
from pipeline.core.store import Artifact, Store
from pipeline.report.results import ArmResult, StageResult
from pipeline.study.config.context import CONTEXT_KEYS
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point, command_of
from pipeline.study.graph import arm_graph, arm_name
from pipeline.study.results.committed import Committed, open_committed
from pipeline.study.results.committed_files import Run
from pipeline.study.run.survey import survey

MIXES = ("pretrain_mix", "sft_mix")
NOT_SETTINGS = {*MIXES, "seed", "sweep", "stage", "force", "claim"}


def arm_results(point: Point, study: Study, committed: Committed | None = None) -> ArmResult:
    """One arm at one seed, with what of it exists; the newest attempt of each stage, stale ones marked.

    What the store does not have comes from the committed results of its sweep, where these have it.
    """
    graph = arm_graph(study)
    store = Store(study.context.store, lock_kind=study.context.lock)
    stages = {key: _stored(store.find(node.stage, node.fingerprint), store) for key, node in graph.items()}
    committed = committed or open_committed(study)
    if committed.runs and None in stages.values():
        for key, (run, _) in committed.of_arm(point, study, graph).items():
            stages[key] = stages[key] or _committed(run, study.seed, committed)
    return ArmResult(
        name=arm_name(study),
        pretrain_mix=study.pretrain_mix.name,
        sft_mix=study.sft_mix.name,
        overrides=settings(point),
        seed=study.seed,
        command=command_of(point, study),
        stages={key: stage for key, stage in stages.items() if stage is not None},
        missing=tuple(key for key, stage in stages.items() if stage is None),
    )


def sweep_results(arms: Sequence[tuple[Point, Study]]) -> list[ArmResult]:
    """All arms of a sweep."""
    committed = open_committed(arms[0][1])
    return [arm_results(point, study, committed) for point, study in arms]


def settings(point: Point) -> dict[str, str]:
    """What an arm sets besides its mixes and its seed; the machine's business is no setting."""
    pairs = (override.lstrip("+").partition("=") for override in point)
    return {
        key: value for key, _, value in pairs if key not in NOT_SETTINGS and key.partition(".")[0] not in CONTEXT_KEYS
    }


def artifacts(arms: list[tuple[Point, Study]]) -> list[Artifact]:
    """Every artifact that the arms have, each once, in running order."""
    found: dict[str, Artifact] = {}
    for _, study in arms:
        store = Store(study.context.store, lock_kind=study.context.lock)
        for node in survey(arm_graph(study).values(), store).nodes:
            artifact = store.find(node.stage, node.fingerprint)
            if artifact is not None:
                found.setdefault(node.fingerprint, artifact)
    return list(found.values())


def _stored(artifact: Artifact | None, store: Store) -> StageResult | None:
    return _stage_result(artifact.record, artifact.folder, tuple(store.staleness(artifact))) if artifact else None


def _committed(run: Run, seed: int, committed: Committed) -> StageResult:
    return _stage_result(run.record, committed.unpack(seed, run), ())


def _stage_result(record: Record, folder: Path, stale: tuple[str, ...]) -> StageResult:
    return StageResult(
        stage=record.stage,
        label=record.label,
        fingerprint=record.fingerprint,
        folder=folder,
        content=record.content,
        ledger=record.ledger,
        wall_seconds=record.wall_seconds,
        stale=stale,
        seed=record.seed or 0,
        commit=record.provenance.commit,
    )
