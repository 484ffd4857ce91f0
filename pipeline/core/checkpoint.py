"""What training rooms hand on: a folder in the Hugging Face format, and the optimizer's state beside it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training artifact: `model/` opens with `from_pretrained`; `state/` lets the next phase carry on."""

    folder: Path

    @property
    def model(self) -> Path:
        """config.json, model.safetensors, tokenizer files and chat template."""
        return self.folder / "model"

    @property
    def state(self) -> Path:
        """Optimizer moments (safetensors) and the schedule's position (JSON)."""
        return self.folder / "state"

    @property
    def curve(self) -> Path:
        """Parquet: tokens seen and loss per logged step; no clock in it, so equal runs have equal curves."""
        return self.folder / "curve.parquet"
