"""Supervised fine-tuning of one checkpoint on a mix of questions, with a new optimizer.

Reads a checkpoint, a mix's plan, encoded corpora and the tokenizer. Writes a checkpoint (`core.checkpoint`). Which
tokens carry loss, and what the budget counts, stand in the plan: answers, in loss-bearing tokens.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.lm.models import model
from pipeline.lm.training.inputs import load_plan, open_shards
from pipeline.lm.training.loop import train
from pipeline.lm.training.session import Run
from pipeline.sft.config import Sft


def sft(
    config: Sft,
    plan: Path,
    corpora: Mapping[str, Path],
    tokenizer: Path,
    *,
    checkpoint: Path,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Fine-tune.

    Args:
        config: the stage.
        plan: a mix's artifact.
        corpora: encoded corpora by name, at least those of the plan.
        tokenizer: the tokenizer's artifact; must be the checkpoint's.
        checkpoint: the artifact to start from; its weights are taken, its optimizer state is not.
        out: where the new checkpoint goes; carried on from if a killed run left restart points there.
        track: hears of the progress.

    Raises UserError where checkpoint, tokenizer and rows do not fit together, before anything is trained.
    """
    words, mix = model.load_tokenizer(tokenizer), load_plan(plan)
    run = Run(
        lm=model.load(Checkpoint(checkpoint).model, words),
        tokenizer=words,
        plan=mix,
        shards=open_shards(mix, corpora, words),
        optimizer=config.optimizer,
        schedule=config.schedule,
        training=config.training,
        origin=Checkpoint(checkpoint),
        kind="SFT",
    )
    return train(run, out=out, track=track)
