"""A run between two steps: what it is, where it stands, how it is taken up again (`saving` sets it down).

Every rank goes through all of it; files are rank 0's affair, and only rank 0 speaks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.plan import MixPlan
from pipeline.core.seeds import keyed_int
from pipeline.core.shard import Shard
from pipeline.core.track import Silent, Tracker
from pipeline.lm.config import Optimizer, Schedule, Training
from pipeline.lm.models.flops import flops_per_token
from pipeline.lm.models.peak import peak_flops
from pipeline.lm.training import kept, restart
from pipeline.lm.training.culprits import Culprits
from pipeline.lm.training.curve import Window
from pipeline.lm.training.engine import Engine
from pipeline.lm.training.guard import Guard
from pipeline.lm.training.starting import start_engine
from pipeline.lm.training.state import load_state
from pipeline.lm.training.tally import Tally, to_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is trained, on what, and how."""

    lm: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    plan: MixPlan
    shards: Mapping[str, Shard]
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    carry_on: Checkpoint | None = None  # start from this checkpoint's optimizer state
    origin: Checkpoint | None = None  # whose weights it starts from; with `kind`, for the model card
    kind: str = "pretraining"


@dataclass(kw_only=True)
class Session:
    """One process's part of a run."""

    run: Run
    out: Path
    track: Tracker
    engine: Engine
    guard: Guard
    tally: Tally
    window: Window
    saved_at: int = 0  # tokens
    kept_to: int = 0  # of the budget: up to here, what is to be kept is kept
    lr: float = 0.0  # of the last step
    peak_flops: float | None = None  # of a rank's device; None where nobody watches
    reported: tuple[float, int, int] = field(default_factory=lambda: (perf_counter(), 0, 0))  # seconds, tokens, spent

    @property
    def spent(self) -> int:
        """How much of the budget, in the plan's unit."""
        return int(self.tally.spent(self.run.plan).sum())


def begin(run: Run, out: Path, track: Tracker) -> Session:
    """Everything on the device, as it was at the newest sound restart point, or as at the start.

    Raises UserError where there are restart points and none of them can be used.
    """
    num_sources = len(run.plan.sources)
    torch.manual_seed(keyed_int("train", run.plan.stream_key) % 2**63)
    made = start_engine(run.lm, run.optimizer, run.training, num_sources)
    session = Session(
        run=run,
        out=out,
        track=track if made.is_main else Silent(),
        engine=made,
        guard=_guard(run),
        tally=Tally.empty(num_sources),
        window=Window.empty(num_sources),
    )
    if type(session.track) is not Silent:  # before the first step, while memory is free
        session.peak_flops = peak_flops(made.accelerator.device, run.training.precision)
    found = restart.newest(out)
    if found.point:
        _restore(session, found.point)
    elif run.carry_on:
        session.engine.restore(None, load_state(run.carry_on.state, run.lm, run.optimizer))
    made.wait()  # all have read what is tidied now
    if made.is_main:
        restart.tidy(out, session.tally.step)
        kept.tidy(out, session.spent)
    for line in found.damaged:
        session.track.remark(session.tally.step, f"{line}; the run carries on from step {session.tally.step} instead")
    return session


def check(session: Session) -> None:
    """Look at the steps since the last look; spikes are told, counted and logged with their documents.

    Raises UserError for a loss or gradient that is not finite.
    """
    for spike, documents in session.guard.check():
        session.tally.spikes.append(spike)
        line = f"loss spike at step {spike['step']}: {spike['loss']:.3f} is over {spike['limit']:.3f}; its "
        session.track.remark(spike["step"], line + f"documents: {documents}")


def ledger_of(session: Session) -> Ledger:
    """What the run has consumed so far."""
    run = session.run
    return to_ledger(session.tally, run.plan, flops_per_token(run.lm, run.plan.sequence_length))


def _restore(session: Session, point: restart.Point) -> None:
    shapes = {name: parameter.shape for name, parameter in session.run.lm.named_parameters()}
    if {name: tensor.shape for name, tensor in point.model.items()} != shapes:
        raise UserError(f"the restart points in {session.out} are of another model; remove them, or train that model")
    session.engine.restore(point.model, point.optimizer)
    torch.set_rng_state(point.extra["generator"])
    session.tally = Tally.from_json(point.tally)
    session.window = Window.of(dict(point.extra))
    session.guard = _guard(session.run, point.extra["recent_losses"].tolist())
    session.saved_at = session.tally.num_tokens
    session.kept_to = session.spent
    session.reported = (perf_counter(), session.tally.num_tokens, session.spent)


def _guard(run: Run, losses: list[float] | None = None) -> Guard:
    return Guard(Culprits(run.plan, run.shards, run.training.batch_rows), losses or ())
