"""The training loop: pretraining phases and SFT alike, step by step until the budget is spent, exactly.

Reads the token stream of a plan; writes a checkpoint (`core.checkpoint`) into `out`, and restart points on the
way, from which a killed run carries on to the same bits. Loss falls on the plan's loss-bearing tokens.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.files import drafted
from pipeline.core.ledger import Ledger
from pipeline.core.plan import MixPlan
from pipeline.core.track import Tracker
from pipeline.lm.models.fitting import check_length
from pipeline.lm.models.machine import TERMINATED, exact, keeping_memory, stop_requests
from pipeline.lm.training import kept, memory
from pipeline.lm.training.batch import Batch, truncate
from pipeline.lm.training.curve import write_curve
from pipeline.lm.training.engine import StepResult
from pipeline.lm.training.guard import Watched
from pipeline.lm.training.progress import report
from pipeline.lm.training.saving import keep, save, save_model
from pipeline.lm.training.schedule import learning_rate_ratio
from pipeline.lm.training.session import Run, Session, begin, ledger_of
from pipeline.lm.training.state import save_state
from pipeline.lm.training.stream import TokenStream
from pipeline.lm.training.tally import check_shares


def train(run: Run, *, out: Path, track: Tracker) -> Ledger:
    """Train until the plan's budget is spent; carry on from a restart point in `out` if there is one.

    Raises UserError where rows are too long for the model, where a checkpoint is to be kept after the end, where
    memory or disk are too small, where loss or gradient are no longer finite, or where the mix that was trained on is
    not the one that was asked for. SIGTERM saves and exits with code 143.
    """
    check_length(run.lm, run.plan.sequence_length)
    kept.check_counts(run.training.keep_at, run.plan)
    with exact(run.training.threads), keeping_memory(), stop_requests() as stop:
        session = begin(run, out, track)
        for batch in _batches(session):
            _step(session, batch)
            if session.window.steps == run.training.log_every:
                report(session)
            keep(session)
            is_stopping = session.engine.any(stop.is_set())
            if _is_save_due(session) or is_stopping:
                save(session)
            if is_stopping:
                raise SystemExit(TERMINATED)
        return _finish(session)


def _batches(session: Session) -> Iterator[Batch]:
    """Batches of the stream from where the run stands until the budget is spent; the last is cut to fit."""
    plan = session.run.plan
    stream = TokenStream(plan, session.run.shards).batches(session.run.training.batch_rows, session.tally.position)
    while (left := plan.budget - session.spent) > 0:
        batch = next(stream)
        yield truncate(batch, left, plan.unit) if _units(batch, plan) > left else batch


def _units(batch: Batch, plan: MixPlan) -> int:
    return batch.num_loss_tokens if plan.unit == "loss_tokens" else batch.num_tokens


def _step(session: Session, batch: Batch) -> None:
    """One update of the weights, and its entry in the books."""
    plan, tally, spent = session.run.plan, session.tally, session.spent
    middle = (spent + _units(batch, plan) / 2) / plan.budget
    session.lr = session.engine.max_lr * learning_rate_ratio(session.run.schedule, middle)
    result = _update(session, batch)
    position = tally.position
    counts = tally.add(batch)
    session.window.add(result.source_losses, counts.loss_tokens)
    has_targets = bool(counts.loss_tokens.any())
    session.guard.watch(
        Watched(tally.step, result.loss, result.gradient_norm, has_targets, position, plan.budget - spent)
    )


def _update(session: Session, batch: Batch) -> StepResult:
    """The engine's step. Raises UserError where memory runs out, once the failed step's tensors are gone."""
    try:
        return session.engine.step(batch, session.lr)
    except (RuntimeError, MemoryError) as error:
        if not memory.is_exhausted(error):
            raise
    raise memory.exhausted(session.engine, batch, session.tally.step + 1)


def _is_save_due(session: Session) -> bool:
    return session.tally.num_tokens - session.saved_at >= session.run.training.checkpoint_every


def _finish(session: Session) -> Ledger:
    """The artifact, and the ledger."""
    run, tally = session.run, session.tally
    if session.window.steps:
        report(session)
    check_shares(tally, run.plan)
    weights, moments = session.engine.weights(), session.engine.moments()
    if session.engine.is_main:
        _write(session, weights, moments)
    session.engine.wait()
    return ledger_of(session)


def _write(session: Session, weights: Mapping[str, Tensor], moments: Mapping[str, Tensor]) -> None:
    run, tally, done = session.run, session.tally, Checkpoint(session.out)
    with drafted(done.model, _num_bytes(weights)) as draft:
        save_model(session, weights, draft)
    with drafted(done.state, _num_bytes(moments)) as draft:
        save_state(draft, moments, tally, run.plan)
    write_curve(done.curve, tally.curve, run.plan)


def _num_bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
