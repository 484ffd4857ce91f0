"""The tunnel's rows as tensors, its models, and the clock: the same for every contender."""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import Tensor

from benchmarks.contenders.job import ROWS, Job, Window
from pipeline.core.shard import Shard
from pipeline.lm.config import Model, Optimizer
from pipeline.lm.models import model
from pipeline.lm.training.inputs import load_plan
from pipeline.lm.training.stream import TokenStream

REPOSITORY = Path(__file__).parents[2]
KEY = "benchmark"  # of weights and stream
LFM2 = {"model_type": "lfm2", "extra": {"full_attn_idxs": [1, 3], "conv_L_cache": 5, "initializer_range": 0.06}}


@cache
def _scale() -> Mapping[str, Mapping[str, object]]:
    return yaml.safe_load((REPOSITORY / "recipes" / "scale" / "tunnel.yaml").read_text(encoding="utf-8"))


def model_of(name: str) -> Model:
    """The default recipe's model (`qwen3`, which every library trains), or the hybrid of its size (`lfm2`)."""
    return Model.model_validate({**_scale()["model"], **(LFM2 if name == "lfm2" else {})})


def optimizer() -> Optimizer:
    """AdamW, which all libraries have, whatever the recipe trains with."""
    return Optimizer(kind="adamw", lr=2e-3)


def rows(job: Job) -> tuple[Tensor, Tensor]:
    """The rows our loop trains on, as the others want them: ids and labels (-100: no loss), each int64 (rows, T)."""
    folder = Path(job.folder)
    stream = TokenStream(load_plan(folder / "plan"), {"base": Shard.open(folder / "base")})
    batch = next(stream.batches(ROWS * job.steps))
    labels = np.where(batch.loss_mask, batch.input_ids, -100)
    return torch.from_numpy(batch.input_ids), torch.from_numpy(labels)


class Clock:
    """Cuts a run into windows: from the start of its process's work, one at each row of its log."""

    def __init__(self) -> None:
        """Start."""
        self.windows: list[Window] = []
        self._step, self._wall, self._cpu = 0, time.perf_counter(), time.process_time()

    def cut(self, step: int, loss: float) -> None:
        """A row of the log, after this step."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.windows.append(
            Window(
                steps=step - self._step,
                seconds=wall - self._wall,
                cpu_seconds=cpu - self._cpu,
                loss=loss,
                ended_at=time.time(),
            )
        )
        self._step, self._wall, self._cpu = step, wall, cpu


def build(job: Job) -> model.PreTrainedModel:
    """The model, with the same first weights for every contender that trains transformers' own."""
    return model.build(model_of(job.model), model.load_tokenizer(Path(job.folder) / "tokenizer"), KEY)
