"""What was measured of a sweep's arms, from the store and from committed results, as the verdict room needs it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.core.record import Record
from pipeline.core.store import Store
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.held import families_held
from pipeline.study.nodes.node import Node
from pipeline.study.place import open_store
from pipeline.study.results.claimed import names_after_sft, names_before_sft
from pipeline.study.results.committed import Committed, open_committed
from pipeline.verdict.results import Measured, StageUse

Arm = tuple[Point, Study]


def measured(arms: Iterable[Arm], *, is_common: bool = True) -> list[Measured]:
    """Every evaluated checkpoint of these arms; what the store has counts before what was committed.

    is_common: whether these arms stand at their recipe's SFT learning rate.
    """
    found: dict[tuple[str, float | None, tuple[str, ...]], Measured] = {}
    committed: Committed | None = None
    for point, study in arms:
        committed = committed or open_committed(study)
        for checkpoint in _of_arm(point, study, open_store(study.context), committed):
            key = (checkpoint.evaluation.fingerprint, checkpoint.rate, checkpoint.names)
            found.setdefault(key, replace(checkpoint, is_common=is_common))
    return list(found.values())


def measured_last(arms: Iterable[Arm]) -> list[Measured]:
    """Only the last checkpoint of each arm: after SFT, or where there is none after pretraining."""
    return [each for each in measured(arms) if each.rate is not None]


def at_other_rates(arms: Sequence[Arm]) -> list[Arm]:
    """The arms at each further SFT learning rate that their sweep tries. No composing: one number changes."""
    return [
        (point, _at_rate(study, rate))
        for point, study in arms
        for rate in (study.sweep.rates if study.sweep else ())
        if rate != study.sft.optimizer.lr and study.sft.budget
    ]


def at_seeds(arms: Sequence[Arm], seeds: Sequence[int]) -> list[Arm]:
    """The arms of the first seed at other ones."""
    first = arms[0][1].seed
    once = [(point, study) for point, study in arms if study.seed == first]
    return [(_at_seed(point, seed), study.model_copy(update={"seed": seed})) for seed in seeds for point, study in once]


def _at_seed(point: Point, seed: int) -> Point:
    return (*(override for override in point if not override.startswith("seed=")), f"seed={seed}")


def _at_rate(study: Study, rate: float) -> Study:
    optimizer = study.sft.optimizer.model_copy(update={"lr": rate})
    return study.model_copy(update={"sft": study.sft.model_copy(update={"optimizer": optimizer})})


def _of_arm(point: Point, study: Study, store: Store, committed: Committed) -> Iterator[Measured]:
    graph = arm_graph(study)
    trained = {key: node for key, node in graph.items() if key.startswith("pretrain:")}
    before = _checkpoint(study, names_before_sft(point, study), trained, graph["eval:pretrain"], store)
    before = before or committed.checkpoint(point, study, names_before_sft(point, study), "eval:pretrain")
    after = names_after_sft(point, study)
    if before:
        yield before
    if "eval:sft" in graph:
        tuned = {**trained, "sft": graph["sft"]}
        last = _checkpoint(study, after, tuned, graph["eval:sft"], store)
        last = last or committed.checkpoint(point, study, after, "eval:sft")
        if last:
            yield last
    elif before:  # an arm without SFT ends with its pretraining, and may be compared with those that have it
        yield replace(before, names=after, rate=study.sft.optimizer.lr)


def _checkpoint(
    study: Study, names: tuple[str, ...], trained: dict[str, Node], evaluation: Node, store: Store
) -> Measured | None:
    scores = store.find(evaluation.stage, evaluation.fingerprint)
    if scores is None or store.is_stale(scores):
        return None
    found = {key: store.find(node.stage, node.fingerprint) for key, node in trained.items()}
    uses = [stage_use(key, artifact.record) for key, artifact in found.items() if artifact is not None]
    return make(
        study, names, (*uses, stage_use("eval", scores.record)), scores.folder,
        is_tuned="sft" in trained, missing=tuple(key for key, artifact in found.items() if artifact is None),
    )  # fmt: skip


def make(
    study: Study,
    names: tuple[str, ...],
    stages: tuple[StageUse, ...],
    folder: Path,
    *,
    is_tuned: bool,
    missing: tuple[str, ...] = (),
    drift: tuple[str, ...] = (),
) -> Measured:
    """A checkpoint whose rows and summary lie in a folder."""
    return Measured(
        names=names,
        seed=study.seed,
        rate=study.sft.optimizer.lr if is_tuned else None,
        rows=folder / "rows.parquet",
        summary=folder / "summary.json",
        stages=stages,
        missing=missing,
        base=frozenset(study.base_mix.weights),
        holds=families_held(study, is_tuned=is_tuned),
        drift=drift,
    )


def stage_use(key: str, record: Record) -> StageUse:
    """A record as the verdict room needs it."""
    return StageUse(
        key=key,
        ledger=record.ledger,
        fingerprint=record.fingerprint,
        content=record.content,
        commit=record.provenance.commit,
        device=record.provenance.device,
        torch=record.provenance.packages.get("torch", ""),
        started_at=record.started_at,
        seconds=record.wall_seconds,
    )
