"""Pretrain one phase: new weights or a former phase's, next-token loss on a mix.

Reads a mix's plan, encoded corpora, a tokenizer and, after the first phase, the checkpoint of the phase before, whose
weights and optimizer state carry over. Writes a checkpoint (`core.checkpoint`).
"""

from collections.abc import Mapping
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.lm.models import model
from pipeline.lm.training.inputs import load_plan, open_shards
from pipeline.lm.training.loop import train
from pipeline.lm.training.session import Run
from pipeline.pretrain.config import Pretrain


def pretrain(
    config: Pretrain,
    plan: Path,
    corpora: Mapping[str, Path],
    tokenizer: Path,
    *,
    previous: Path | None,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Train one phase.

    Args:
        config: the phase.
        plan: a mix's artifact.
        corpora: encoded corpora by name, at least those of the plan.
        tokenizer: the tokenizer's artifact.
        previous: the phase before; None for the first one.
        out: where the checkpoint goes; carried on from if a killed run left restart points there.
        track: hears of the progress.

    Raises UserError where model, tokenizer, rows and previous phase do not fit together, before anything is trained.
    """
    words, mix = model.load_tokenizer(tokenizer), load_plan(plan)
    run = Run(
        lm=_model(config, words, previous),
        tokenizer=words,
        plan=mix,
        shards=open_shards(mix, corpora, words),
        optimizer=config.optimizer,
        schedule=config.schedule,
        training=config.training,
        carry_on=Checkpoint(previous) if previous else None,
        origin=Checkpoint(previous) if previous else None,
    )
    return train(run, out=out, track=track)


def _model(config: Pretrain, tokenizer: PreTrainedTokenizerBase, previous: Path | None) -> PreTrainedModel:
    if previous is None:
        return model.build(config.model, tokenizer, config.init_key)
    lm = model.load(Checkpoint(previous).model, tokenizer)
    model.check_same_architecture(lm, config.model, tokenizer)
    return lm
