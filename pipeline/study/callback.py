"""Multirun: before Hydra's jobs start, all points are checked and the distinct stages built.

Arms as jobs that wait for each other's locks take half as long again; so `on_multirun_start` builds everything -
here, or through the launcher's cluster (`launch`) -, and each job then finds its stages done. Hydra turns a
callback's exceptions into warnings, so a bad point exits by itself.
"""

import sys
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from pipeline.core.errors import UserError

if TYPE_CHECKING:
    from pipeline.study.commands import Arm


class SweepCallback(Callback):
    """Builds a sweep's stages before its jobs, writes its page after them."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Hydra sends its callbacks along to jobs in other processes, which need neither arms nor console."""
        return {}

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Compose and check every point, then build."""
        with _exits():
            self._start(config)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:  # noqa: ARG002 - Hydra's signature
        """Write the page and print the table from what is in the store."""
        with _exits():
            self._report()

    def _start(self, config: DictConfig) -> None:
        from pipeline.study.commands import QUESTIONS, answer
        from pipeline.study.run.building import build, report_failures
        from pipeline.study.run.launch import read_launcher, use_basic_launcher
        from pipeline.study.terminal import make_console

        self._console = make_console()
        overrides = [str(override) for override in OmegaConf.to_container(config.hydra.overrides.task) or ()]
        self._arms = _arms(config, overrides)
        if self._arms[0][1].stage in QUESTIONS:
            answer(self._arms[0][1], tuple(overrides), self._arms, self._console)
            sys.exit(0)  # all is said: nothing is left for Hydra's jobs
        context, cluster = read_launcher(config.hydra.launcher, self._arms[0][1].context)
        use_basic_launcher(config)
        self._failures = build(self._arms, self._console, context=context, cluster=cluster)
        if self._failures:
            with suppress(UserError):  # no page without a single eval; what failed is to be said all the same
                self._report()
            report_failures(self._failures, self._arms, self._console)

    def _report(self) -> None:
        from pipeline.study.results.publish import write_report

        if self._arms[0][1].stage == "all":
            write_report(self._arms, self._console)


@contextmanager
def _exits() -> Generator[None]:
    """Leave by an exit code. Any other exception is a mistake of ours, and would be a mere warning to Hydra."""
    from pipeline.study.door import mistakes_in_one_line

    try:
        with mistakes_in_one_line():
            yield
    except Exception:  # noqa: BLE001 - said with its stack; nothing goes on after it
        traceback.print_exc()
        sys.exit(1)


def _arms(config: DictConfig, overrides: Sequence[str]) -> "list[Arm]":
    """Every arm of the sweep, or of what the command line sweeps by itself."""
    from pipeline.study.commands import check_stage
    from pipeline.study.config.contradictions import check_contradictions
    from pipeline.study.config.parsing import validated
    from pipeline.study.config.schema import Sweep
    from pipeline.study.config.sweep import compose_arms, points
    from pipeline.study.results.claimed import check_claims

    check_contradictions(overrides)
    sweep = config.get("sweep")
    plain = OmegaConf.to_container(sweep) if sweep else {"name": "custom", "axes": {}}
    arms = compose_arms(points(validated(Sweep, plain), overrides))
    for _, study in arms:
        check_stage(study)
    check_claims(arms)
    return arms
