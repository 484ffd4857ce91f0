"""The training loop: pretraining phases and SFT alike, step by step until the budget is spent, exactly.

Reads the token stream of a plan; writes a checkpoint (`core.checkpoint`) into `out`, and restart points on the
way, from which a killed run carries on to the same bits. Loss falls on the plan's loss-bearing tokens.
"""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.ledger import Ledger
from pipeline.core.plan import MixPlan
from pipeline.core.track import Tracker
from pipeline.lm import model, restart
from pipeline.lm.batch import Batch, truncate
from pipeline.lm.curve import Window, write_curve
from pipeline.lm.flops import flops_per_token
from pipeline.lm.machine import TERMINATED, exact, stop_requests
from pipeline.lm.schedule import learning_rate_ratio
from pipeline.lm.session import Run, Session, begin, save
from pipeline.lm.state import save_state
from pipeline.lm.stream import TokenStream
from pipeline.lm.tally import check_shares, to_ledger


def train(run: Run, *, out: Path, track: Tracker) -> Ledger:
    """Train until the plan's budget is spent; carry on from a restart point in `out` if there is one.

    Raises UserError where rows are too long for the model, where loss or gradient are no longer finite, or
    where the mix that was trained on is not the one that was asked for. SIGTERM saves and exits with code 143.
    """
    model.check_length(run.lm, run.plan.sequence_length)
    with exact(run.training.threads), stop_requests() as stop:
        session = begin(run, out, track)
        for batch in _batches(session):
            _step(session, batch)
            if session.window.steps == run.training.log_every:
                _report(session)
            if _is_save_due(session) or stop.is_set():
                save(session)
            if stop.is_set():
                raise SystemExit(TERMINATED)
        return _finish(session)


def _batches(session: Session) -> Iterator[Batch]:
    """Batches of the stream from where the run stands until the budget is spent; the last is cut to fit."""
    plan = session.run.plan
    stream = TokenStream(plan, session.run.shards).batches(session.run.training.batch_rows, session.tally.position)
    while (left := plan.budget - int(session.tally.spent(plan).sum())) > 0:
        batch = next(stream)
        yield truncate(batch, left, plan.unit) if _units(batch, plan) > left else batch


def _units(batch: Batch, plan: MixPlan) -> int:
    return batch.num_loss_tokens if plan.unit == "loss_tokens" else batch.num_tokens


def _step(session: Session, batch: Batch) -> None:
    """One update of the weights, and its entry in the books."""
    plan, tally = session.run.plan, session.tally
    position, spent = tally.position, int(tally.spent(plan).sum())
    middle = (spent + _units(batch, plan) / 2) / plan.budget
    session.lr = session.engine.max_lr * learning_rate_ratio(session.run.schedule, middle)
    result = session.engine.step(batch, session.lr)
    counts = tally.add(batch)
    session.window.add(result.source_losses, counts.loss_tokens)
    session.guard.watch(tally.step, result.loss, result.gradient_norm, counts, position)


def _report(session: Session) -> None:
    """A row of the curve, and a word to whoever watches; the only place, beside saving, that waits for the device."""
    plan, tally = session.run.plan, session.tally
    gradient_norm = session.guard.check()
    row = session.window.row([source.corpus for source in plan.sources])
    tally.curve.append({"step": tally.step, "tokens_seen": tally.num_tokens, "lr": session.lr} | row)
    session.window = Window.empty(len(plan.sources))
    (then, tokens_then), now = session.reported, (perf_counter(), tally.num_tokens)
    speed = (now[1] - tokens_then) / (now[0] - then)
    session.reported = now
    values = {name: value for name, value in tally.curve[-1].items() if value is not None and name != "step"}
    values |= {"gradient_norm": gradient_norm, "tokens_per_second": speed}
    session.track.log(tally.step, values)
    note = f"loss {row['loss']:.3f}, {speed:,.0f} tokens/s"
    session.track.progress(int(tally.spent(plan).sum()), plan.budget, plan.unit.replace("_", " "), note)


def _is_save_due(session: Session) -> bool:
    return session.tally.num_tokens - session.saved_at >= session.run.training.checkpoint_every


def _finish(session: Session) -> Ledger:
    """The artifact, and the ledger; restart points go last."""
    run, tally, done = session.run, session.tally, Checkpoint(session.out)
    if session.window.steps:
        _report(session)
    check_shares(tally, run.plan)
    model.save(run.lm, run.tokenizer, done.model)
    save_state(done.state, session.engine.optimizer, run.lm, tally, run.plan)
    write_curve(done.curve, tally.curve, run.plan)
    restart.clear(session.out)
    return to_ledger(tally, run.plan, flops_per_token(run.lm, run.plan.sequence_length))
