"""Which room does which kind of node: literals back into the room's config, parents into folders, one call.

Rooms are imported when their node runs, so that a mix does not wait for torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.core import collector
from pipeline.core.checkpoint import Checkpoint
from pipeline.core.executor import LOCAL, Executor
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.study.nodes.external import find_checkpoint
from pipeline.tasks.suite import Suite

Folders = Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verb works: context, none of it identity."""

    out: Path
    track: Tracker
    data_root: Path | None
    checkpoint: str | None = None  # from outside the store, for eval
    executor: Executor = LOCAL  # of datatrove's pipelines


Verb = Callable[[Mapping[str, Any], Folders, Place], Ledger]


def _sources(literals: Mapping[str, Any], _: Folders, place: Place) -> Ledger:
    from pipeline.sources.collect import collect
    from pipeline.sources.config import Corpus

    config = Corpus.model_validate(literals["config"])
    return collect(config, study_key=literals["study_key"], data_root=place.data_root, out=place.out, track=place.track)


def _curate(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    from pipeline.curate.config import Curation
    from pipeline.curate.curate import curate

    return curate(
        Curation.model_validate(literals["config"]),
        folders["documents"],
        suites=TypeAdapter(tuple[Suite, ...]).validate_python(literals["suites"]),
        study_key=literals["study_key"],
        data_root=place.data_root,
        out=place.out,
        track=place.track,
        against={role.removeprefix("against:"): folder for role, folder in folders.items() if role != "documents"},
        executor=place.executor,
    )


def _measure(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    from pipeline.curate.config import Measuring
    from pipeline.curate.measure import measure

    config = Measuring.model_validate(literals["config"])
    return measure(config, folders["raw"], folders["curated"], out=place.out, track=place.track)


def _tokenizer(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    from pipeline.tokenize.config import Tokenizer
    from pipeline.tokenize.tokenizer import train_tokenizer

    config = Tokenizer.model_validate(literals["config"])
    return train_tokenizer(config, folders, data_root=place.data_root, out=place.out, track=place.track)


def _tokenize(_: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    from pipeline.tokenize.encode import tokenize

    return tokenize(
        folders["tokenizer"], folders["documents"], out=place.out, track=place.track, executor=place.executor
    )


def _mix(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    from pipeline.mix.config import Mixing
    from pipeline.mix.plan import mix

    return mix(Mixing.model_validate(literals["config"]), folders, out=place.out, track=place.track)


def _pretrain(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    with collector.importing():
        from pipeline.pretrain.config import Pretrain
        from pipeline.pretrain.pretrain import pretrain

    config = Pretrain.model_validate(literals["config"])
    plan, tokenizer, checkpoint, corpora = _training_folders(folders)
    return pretrain(config, plan, corpora, tokenizer, previous=checkpoint, out=place.out, track=place.track)


def _sft(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    with collector.importing():
        from pipeline.sft.config import Sft
        from pipeline.sft.sft import sft

    config = Sft.model_validate(literals["config"])
    plan, tokenizer, checkpoint, corpora = _training_folders(folders)
    assert checkpoint is not None
    return sft(config, plan, corpora, tokenizer, checkpoint=checkpoint, out=place.out, track=place.track)


def _training_folders(folders: Folders) -> tuple[Path, Path, Path | None, dict[str, Path]]:
    others = {role: folder for role, folder in folders.items() if role not in ("plan", "tokenizer", "checkpoint")}
    return folders["plan"], folders["tokenizer"], folders.get("checkpoint"), others


def _eval(literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    with collector.importing():
        from pipeline.eval.config import Eval
        from pipeline.eval.evaluate import evaluate

    checkpoint = folders["checkpoint"] if "checkpoint" in folders else find_checkpoint(place.checkpoint or "")
    heldout = {role.removeprefix("heldout:"): folder for role, folder in folders.items() if role != "checkpoint"}
    return evaluate(
        Eval.model_validate(literals["config"]),
        Checkpoint(checkpoint).at(literals["at"]).folder if "at" in literals else checkpoint,
        heldout,
        study_key=literals["study_key"],
        data_root=place.data_root,
        out=place.out,
        track=place.track,
    )


VERBS: dict[str, Verb] = {
    "sources": _sources,
    "curate": _curate,
    "measure": _measure,
    "tokenizer": _tokenizer,
    "tokenize": _tokenize,
    "mix": _mix,
    "pretrain": _pretrain,
    "sft": _sft,
    "eval": _eval,
}

TRAININGS = frozenset({"pretrain", "sft"})
RESUMABLE = TRAININGS | {"eval", "curate", "tokenize"}  # kinds whose work folder is kept after a kill, and carried on
STAGES = ("sources", "curate", "tokenize", "mix", "pretrain", "sft", "eval")  # in running order
