"""A run between two steps: what it is, where it stands, how it is taken up again and set down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.plan import MixPlan
from pipeline.core.seeds import keyed_int
from pipeline.core.shard import Shard
from pipeline.core.track import Tracker
from pipeline.lm import engine, restart
from pipeline.lm.config import Optimizer, Schedule, Training
from pipeline.lm.curve import Window
from pipeline.lm.engine import Engine
from pipeline.lm.guard import Guard
from pipeline.lm.optimizer import moments, restore_moments
from pipeline.lm.state import load_state
from pipeline.lm.tally import Tally


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
    lr: float = 0.0  # of the last step
    reported: tuple[float, int] = field(default_factory=lambda: (perf_counter(), 0))  # seconds, tokens


def begin(run: Run, out: Path, track: Tracker) -> Session:
    """Everything on the device, as it was at the newest restart point, or as at the start."""
    num_sources = len(run.plan.sources)
    torch.manual_seed(keyed_int("train", run.plan.stream_key) % 2**63)
    session = Session(
        run=run,
        out=out,
        track=track,
        engine=engine.start(run.lm, run.optimizer, run.training, num_sources),
        guard=Guard(run.plan),
        tally=Tally.empty(num_sources),
        window=Window.empty(num_sources),
    )
    if point := restart.newest(out):
        _restore(session, point)
    elif run.carry_on:
        load_state(run.carry_on.state, session.engine.optimizer, run.lm)
    return session


def save(session: Session) -> None:
    """A restart point, if the weights are sound."""
    session.guard.check()
    lm, tally = session.run.lm, session.tally
    extra = session.window.tensors() | {"generator": torch.get_rng_state()}
    point = restart.Point(tally.to_json(), dict(lm.named_parameters()), moments(session.engine.optimizer, lm), extra)
    restart.write(session.out, tally.step, point)
    session.saved_at = tally.num_tokens


def _restore(session: Session, point: restart.Point) -> None:
    lm = session.run.lm
    with torch.no_grad():
        for name, parameter in lm.named_parameters():
            parameter.copy_(point.model[name])
    restore_moments(session.engine.optimizer, lm, point.optimizer)
    torch.set_rng_state(point.extra["generator"])
    session.tally = Tally.from_json(point.tally)
    session.window = Window.of(dict(point.extra))
    session.saved_at = session.tally.num_tokens
    session.reported = (perf_counter(), session.tally.num_tokens)
