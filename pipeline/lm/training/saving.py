"""A run set down between two steps: restart points, checkpoints kept on the way, the model as others open it.

Every rank goes through all of it; files are rank 0's affair.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from pipeline.lm.models import model
from pipeline.lm.training import kept, restart
from pipeline.lm.training.card import stretch_of, write_card
from pipeline.lm.training.session import Session, check, ledger_of
from pipeline.lm.training.state import position


def save(session: Session) -> None:
    """A restart point, if the weights are sound. Raises UserError where the disk is full."""
    check(session)
    tally, made = session.tally, session.engine
    extra = session.window.tensors() | {"generator": torch.get_rng_state(), "recent_losses": session.guard.losses}
    point = restart.Point(tally.to_json(), made.weights(), made.moments(), extra)
    if made.is_main:
        restart.write(session.out, tally.step, point, session.run.training.restart_points)
    made.wait()
    session.saved_at = tally.num_tokens


def keep(session: Session) -> None:
    """The weights as they are, for each count of the budget that was reached since the last look; if they are sound."""
    counts = [count for count in session.run.training.keep_at if session.kept_to < count <= session.spent]
    session.kept_to = session.spent
    if not counts:
        return
    check(session)
    run, weights = session.run, session.engine.weights()
    for count in counts if session.engine.is_main else []:
        kept.write(session.out, count, _saver(session, weights), position(session.tally, run.plan))
    session.engine.wait()


def save_model(session: Session, weights: Mapping[str, Tensor], folder: Path) -> None:
    """The model as others open it, with its card."""
    run = session.run
    model.save(run.lm, run.tokenizer, folder, weights)
    write_card(folder, run.lm, run.origin, stretch_of(run, ledger_of(session)))


def _saver(session: Session, weights: Mapping[str, Tensor]) -> kept.Saver:
    num_bytes = sum(weight.nbytes for weight in weights.values())
    return kept.Saver(partial(save_model, session, weights), num_bytes)
