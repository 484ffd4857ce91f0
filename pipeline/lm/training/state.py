"""The optimizer's state beside a checkpoint, for the phase that carries on: `state/` of `core.checkpoint`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from safetensors.torch import load, save_file
from torch import Tensor
from transformers import PreTrainedModel

from pipeline.core.plan import MixPlan
from pipeline.lm.config import Optimizer
from pipeline.lm.training.optimizer import check_moments
from pipeline.lm.training.tally import Tally

_MOMENTS = "optimizer.safetensors"


def save_state(folder: Path, moments: Mapping[str, Tensor], tally: Tally, plan: MixPlan) -> None:
    """Write moments (`Engine.moments`) and how far the stage went."""
    save_file(dict(moments), folder / _MOMENTS)
    (folder / "position.json").write_bytes(orjson.dumps(position(tally, plan), option=orjson.OPT_INDENT_2))


def position(tally: Tally, plan: MixPlan) -> dict[str, Any]:
    """How far a run went, as plain JSON."""
    return {
        "step": tally.step,
        "tokens": tally.num_tokens,
        "budget": plan.budget,
        "unit": plan.unit,
        "stream": list(tally.position),
    }


def load_state(folder: Path, lm: PreTrainedModel, optimizer: Optimizer) -> dict[str, Tensor]:
    """A former phase's moments, for `Engine.restore`.

    Raises UserError where they are of another model, or of another kind of optimizer.
    """
    tensors = load((folder / _MOMENTS).read_bytes())
    check_moments(tensors, lm, optimizer, str(folder))
    return tensors
