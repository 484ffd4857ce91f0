"""The Hugging Face Trainer, and TRL's SFTTrainer on top of it.

Their defaults, save for what must be equal: batch, constant learning rate, AdamW's numbers, clipping, rows packed
beforehand - and no recomputation of activations, which SFTTrainer would do by default and which costs a third.
Both attend over whole packed rows. SFTTrainer's own metrics (entropy, token accuracy) are part of it.
"""

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.contenders.job import ROWS, Job, Result
from benchmarks.contenders.world import Clock, build, optimizer, rows
from pipeline.lm.models.model import load_tokenizer


class OnLog(transformers.TrainerCallback):
    """Cuts the clock at each row of the Trainer's log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The last row, a summary, has no loss of its own."""
        del args, control
        if "loss" in kwargs["logs"]:
            self._clock.cut(state.global_step, float(kwargs["logs"]["loss"]))


class Rows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Ids and labels, row by row."""

    def __init__(self, job: Job) -> None:
        self._ids, self._labels = rows(job)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self._ids[index], "labels": self._labels[index]}


def run_trainer(job: Job) -> Result:
    """The Trainer."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as out:
        settings = transformers.TrainingArguments(output_dir=out, **_settings(job))
        lm = build(job)
        data = Rows(job)
        transformers.Trainer(model=lm, args=settings, train_dataset=data, callbacks=[OnLog(clock)]).train()
    return Result(windows=clock.windows, parameters=lm.num_parameters())


def run_sft_trainer(job: Job) -> Result:
    """TRL's SFTTrainer on rows that are already encoded and packed. Raises ImportError where TRL is not installed."""
    import datasets
    from transformers import default_data_collator

    trl: Any = import_module("trl")  # of the extra `bench`: the type checker knows nothing of it where it is left out
    clock = Clock()
    ids, labels = rows(job)
    columns = {"input_ids": ids, "labels": labels, "attention_mask": torch.ones_like(ids)}  # it wants a mask
    data = datasets.Dataset.from_dict({name: values.tolist() for name, values in columns.items()})
    with tempfile.TemporaryDirectory() as out:
        settings = trl.SFTConfig(
            output_dir=out, dataset_kwargs={"skip_prepare_dataset": True}, remove_unused_columns=False, **_settings(job)
        )
        trl.SFTTrainer(
            model=build(job),
            args=settings,
            train_dataset=data,
            data_collator=default_data_collator,
            processing_class=load_tokenizer(Path(job.folder) / "tokenizer"),
            callbacks=[OnLog(clock)],
        ).train()
    return Result(windows=clock.windows)


def _settings(job: Job) -> dict[str, Any]:
    adam = optimizer()
    return {
        "per_device_train_batch_size": ROWS,
        "max_steps": job.steps,
        "learning_rate": adam.lr,
        "lr_scheduler_type": "constant",
        "adam_beta1": adam.betas[0],
        "adam_beta2": adam.betas[1],
        "adam_epsilon": adam.eps,
        "weight_decay": adam.weight_decay,
        "max_grad_norm": adam.clip,
        "gradient_checkpointing": False,
        "use_cpu": True,
        "bf16": job.precision == "bf16",
        "torch_compile": job.compiled,
        "report_to": [],
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_steps": job.log_every,
    }
