"""What the store holds of an arm, as the report needs it."""

from pipeline.core.store import Artifact, Store
from pipeline.report.results import ArmResult, StageResult
from pipeline.study.graph import arm_graph, arm_name
from pipeline.study.schema import Study
from pipeline.study.survey import survey
from pipeline.study.sweep import Point, command_of

MIXES = ("pretrain_mix", "sft_mix")
NOT_SETTINGS = {*MIXES, "seed", "sweep", "store", "data_root", "workers", "tracking", "lock", "stage", "force"}


def arm_results(point: Point, study: Study) -> ArmResult:
    """One arm at one seed, with what of it exists; the newest attempt of each stage, stale ones marked."""
    graph = arm_graph(study)
    store = Store(study.context.store, lock_kind=study.context.lock)
    found = {key: store.find(node.stage, node.fingerprint) for key, node in graph.items()}
    return ArmResult(
        name=arm_name(study),
        pretrain_mix=study.pretrain_mix.name,
        sft_mix=study.sft_mix.name,
        overrides=settings(point),
        seed=study.seed,
        command=command_of(point, study),
        stages={key: _stage_result(artifact, store) for key, artifact in found.items() if artifact is not None},
        missing=tuple(key for key, artifact in found.items() if artifact is None),
    )


def settings(point: Point) -> dict[str, str]:
    """What an arm sets besides its mixes and its seed."""
    pairs = (override.lstrip("+").partition("=") for override in point)
    return {key: value for key, _, value in pairs if key not in NOT_SETTINGS}


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


def _stage_result(artifact: Artifact, store: Store) -> StageResult:
    record = artifact.record
    return StageResult(
        stage=record.stage,
        label=record.label,
        fingerprint=record.fingerprint,
        folder=artifact.folder,
        content=record.content,
        ledger=record.ledger,
        wall_seconds=record.wall_seconds,
        stale=tuple(store.staleness(artifact)),
        seed=record.seed or 0,
        commit=record.provenance.commit,
    )
