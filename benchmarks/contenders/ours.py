"""Our loop, through the room that calls it."""

import math
import os
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.contenders.job import ROWS, Job, Result
from benchmarks.contenders.world import KEY, Clock, model_of, optimizer
from pipeline.core.track import Silent
from pipeline.lm.config import Schedule, Training
from pipeline.lm.training import loop
from pipeline.pretrain.config import Pretrain
from pipeline.pretrain.pretrain import pretrain
from pipeline.study.run.tracker import RunTracker
from pipeline.study.run.wandb_run import RunIdentity

PARTS = ("report", "save", "keep")  # of the loop, beside data and the step itself


class Timed(Silent):
    """Cuts the clock at each row of the log, passes it on, and sends the SIGTERM that is due."""

    def __init__(self, clock: Clock, inner: RunTracker | Silent, stop_at: int, at_first: Callable[[], None]) -> None:
        self._clock, self._inner, self._stop_at, self._at_first = clock, inner, stop_at, at_first

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One window."""
        self._inner.log(step, values)
        self._clock.cut(step, values["loss"])
        if step == self._stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if len(self._clock.windows) == 1:
            self._at_first()

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """As in a study."""
        self._inner.progress(done, total, unit, note)


class Stopwatch:
    """Seconds spent in the loop's parts."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.seconds: dict[str, float] = {}
        self._since = math.inf

    def begin(self) -> None:
        """Count what starts from now on: after the first row of the log, so that no start-up is in it."""
        self._since = time.perf_counter()

    @contextmanager
    def running(self, name: str) -> Generator[None]:
        """Count what runs inside."""
        start = time.perf_counter()
        yield
        if start >= self._since:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted."""

        def counted(*args: Any) -> Any:
            with self.running(name):
                return function(*args)

        return counted

    def around_each(self, name: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """The same iterator, the making of each item counted."""

        def counted(*args: Any) -> Iterator[Any]:
            items, end = function(*args), object()
            while True:
                with self.running(name):
                    item = next(items, end)
                if item is end:
                    return
                yield item

        return counted


def run(job: Job) -> Result:
    """Train; where the job says so, stop and leave with exit code 143, or carry on in the same folder."""
    clock, watch = Clock(), Stopwatch()
    with ExitStack() as stack:
        out = Path(job.out or stack.enter_context(tempfile.TemporaryDirectory()))
        if job.is_tracked:
            _time_parts(stack, watch)
        inner = _tracker(out) if job.is_tracked else Silent()
        try:
            _train(job, out, Timed(clock, inner, job.stop_at, watch.begin))
        except SystemExit:
            assert job.stop_at, "nobody asked it to stop"
        if isinstance(inner, RunTracker):
            inner.close(failed=False)
    return Result(windows=clock.windows, shares=shares(watch.seconds, sum(w.seconds for w in clock.windows[1:])))


def shares(seconds: Mapping[str, float], total: float) -> dict[str, float]:
    """Each part's share of the time."""
    return {name: spent / total for name, spent in seconds.items()}


def _time_parts(stack: ExitStack, watch: Stopwatch) -> None:
    for name in PARTS:
        function = getattr(loop, name)
        stack.enter_context(mock.patch.object(loop, name, watch.around(name, function)))
    batches = getattr(loop, "_batches")  # noqa: B009 - private, and the one place where data comes in
    stack.enter_context(mock.patch.object(loop, "_batches", watch.around_each("data", batches)))


def _tracker(out: Path) -> RunTracker:
    identity = RunIdentity(fingerprint=KEY, stage="pretrain", label=KEY, group=KEY, config={})
    return RunTracker(identity, out / "logs", lambda _: None, "offline")


def _train(job: Job, out: Path, track: Timed) -> None:
    folder = Path(job.folder)
    config = Pretrain(
        model=model_of(job.model), optimizer=optimizer(), schedule=Schedule(), training=_training(job), init_key=KEY
    )
    corpora = {"base": folder / "base"}
    pretrain(config, folder / "plan", corpora, folder / "tokenizer", previous=None, out=out, track=track)


def _training(job: Job) -> Training:
    return Training(
        batch_rows=ROWS,
        precision=job.precision,
        compile=job.compiled,
        threads=job.threads,
        log_every=job.log_every,
        checkpoint_every=400_000,  # the tunnel's
    )
