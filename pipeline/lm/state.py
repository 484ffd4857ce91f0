"""The optimizer's state beside a checkpoint, for the phase that carries on: `state/` of `core.checkpoint`."""

from pathlib import Path

import orjson
from safetensors.torch import load, save
from torch import nn
from torch.optim import AdamW

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.lm.optimizer import moments, restore_moments
from pipeline.lm.tally import Tally

_MOMENTS = "optimizer.safetensors"


def save_state(folder: Path, optimizer: AdamW, lm: nn.Module, tally: Tally, plan: MixPlan) -> None:
    """Write moments and how far the stage went."""
    folder.mkdir(exist_ok=True)
    (folder / _MOMENTS).write_bytes(save(moments(optimizer, lm)))
    position = {
        "step": tally.step,
        "tokens": tally.num_tokens,
        "budget": plan.budget,
        "unit": plan.unit,
        "stream": list(tally.position),
    }
    (folder / "position.json").write_bytes(orjson.dumps(position, option=orjson.OPT_INDENT_2))


def load_state(folder: Path, optimizer: AdamW, lm: nn.Module) -> None:
    """Put a former phase's moments into a new optimizer. Raises UserError where they are of another model."""
    tensors = load((folder / _MOMENTS).read_bytes())
    shapes = {name: parameter.shape for name, parameter in lm.named_parameters()}
    found = {name.removesuffix(".exp_avg"): t.shape for name, t in tensors.items() if name.endswith(".exp_avg")}
    if found != shapes:
        raise UserError(f"{folder} holds the optimizer state of another model; give the phase that trained this one")
    restore_moments(optimizer, lm, tensors)
