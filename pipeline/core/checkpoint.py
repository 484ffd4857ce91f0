"""What training rooms hand on: a folder in the Hugging Face format, and the optimizer's state beside it."""

from dataclasses import dataclass
from pathlib import Path

KEPT = "at"  # the folder of checkpoints kept on the way


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

    def at(self, count: int) -> "Checkpoint":
        """The weights kept when `count` of the budget was spent: it has a `model/` and nothing to carry on with."""
        return Checkpoint(self.folder / KEPT / f"{count:012d}")

    @property
    def curve(self) -> Path:
        """Parquet: tokens seen and loss per logged step; no clock in it, so equal runs have equal curves."""
        return self.folder / "curve.parquet"


def model_folder(path: Path) -> Path:
    """Where the model of a checkpoint lies: in `model/` of a training artifact, or in the folder itself."""
    inside = Checkpoint(path).model
    return path if (path / "config.json").is_file() and not inside.is_dir() else inside
