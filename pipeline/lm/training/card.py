"""The model card of a checkpoint: `README.md` with the hub's YAML head, and `training.json`, what led to the weights.

Written beside the weights, so that `push_to_hub` or `hf upload` of the folder needs nothing more. Both follow from the
run alone - no date, no path, no name of an arm, which many arms share - so equal runs leave equal bytes. Scores come
later and from another stage: the page writes a card with them for every checkpoint it knows.

`training.json` is a list, oldest stretch first: the card of a chain is read off the checkpoint it started from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from transformers import PreTrainedModel

from pipeline.core.card import FILE, LINEAGE, as_card
from pipeline.core.checkpoint import Checkpoint
from pipeline.core.ledger import Ledger

if TYPE_CHECKING:  # a run's own module writes cards
    from pipeline.lm.training.session import Run

Stretch = dict[str, Any]


def write_card(folder: Path, lm: PreTrainedModel, origin: Checkpoint | None, stretch: Stretch) -> None:
    """Write both files into `folder`, where the model lies.

    Args:
        folder: of the model.
        lm: the model, for its sizes.
        origin: the checkpoint whose weights it started from; None where it started from random ones.
        stretch: what it was trained on since, as `stretch_of` gives it.
    """
    about = {"model": _model(lm), "stretches": [*_before(origin), stretch]}
    (folder / LINEAGE).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    (folder / FILE).write_text(as_card(about), encoding="utf-8")


def stretch_of(run: "Run", ledger: Ledger) -> Stretch:
    """One stretch of training as plain values. ledger: from its first step up to the weights in question."""
    plan = run.plan
    return {
        "kind": run.kind,
        "loss": plan.loss,
        "unit": plan.unit,
        "budget": plan.budget,
        "asked": {source.corpus: source.share for source in plan.sources},
        "ledger": ledger.to_json(),
        "optimizer": run.optimizer.model_dump(mode="json"),
        "schedule": run.schedule.model_dump(mode="json"),
        "precision": run.training.precision,
        "batch_rows": run.training.batch_rows,
        "sequence_length": plan.sequence_length,
    }


def _before(origin: Checkpoint | None) -> Sequence[Mapping[str, Any]]:
    """What led to the weights that a run starts from; nothing is known of those that came without the file."""
    path = origin.model / LINEAGE if origin else None
    return orjson.loads(path.read_bytes())["stretches"] if path and path.is_file() else []


def _model(lm: PreTrainedModel) -> dict[str, Any]:
    return {
        "model_type": lm.config.model_type,
        "parameters": sum(parameter.numel() for parameter in lm.parameters()),
        "vocabulary": lm.config.vocab_size,
        "positions": getattr(lm.config, "max_position_embeddings", None),
    }
