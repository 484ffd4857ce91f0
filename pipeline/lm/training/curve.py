"""The learning curve: mean loss between two logged steps, over all targets and over each source's.

C = sources of the plan. No clock: equal runs have equal curves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from pipeline.core.plan import MixPlan

CurveRow = dict[str, float | None]  # step, tokens_seen, loss, lr, loss/<corpus>


@dataclass(slots=True)
class Window:
    """Losses since the last row of the curve. They stay on the device until a row is written."""

    losses: Tensor  # float64 (C,): summed cross-entropy in nats
    targets: Tensor  # int64 (C,), on the CPU
    steps: int

    @classmethod
    def empty(cls, num_sources: int) -> Self:
        """Just after a row."""
        return cls(torch.zeros(num_sources, dtype=torch.float64), torch.zeros(num_sources, dtype=torch.int64), 0)

    def add(self, losses: Tensor, targets: np.ndarray) -> None:
        """Count one step."""
        self.losses = self.losses.to(losses.device) + losses
        self.targets += torch.from_numpy(targets)
        self.steps += 1

    def row(self, names: Sequence[str]) -> CurveRow:
        """Mean losses, in nats a target; None where there was no target."""
        losses, targets = self.losses.tolist(), self.targets.tolist()
        means = [loss / count if count else None for loss, count in zip(losses, targets, strict=True)]
        overall = sum(losses) / sum(targets) if sum(targets) else None
        return {"loss": overall} | {f"loss/{name}": mean for name, mean in zip(names, means, strict=True)}

    def tensors(self) -> dict[str, Tensor]:
        """For a restart point."""
        return {"losses": self.losses.cpu(), "targets": self.targets, "steps": torch.tensor(self.steps)}

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> Self:
        """Back from `tensors`."""
        return cls(tensors["losses"], tensors["targets"], int(tensors["steps"]))


def write_curve(path: Path, rows: Sequence[CurveRow], plan: MixPlan) -> None:
    """The learning curve as Parquet; a source's loss is null where it had no targets since the row before."""
    counts = [("step", pa.int64()), ("tokens_seen", pa.int64())]
    values = ["loss", "lr", *(f"loss/{source.corpus}" for source in plan.sources)]
    schema = pa.schema(counts + [(name, pa.float64()) for name in values])
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
