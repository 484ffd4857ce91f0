"""From a command line to a study: Hydra composes, `parse` types, `commands` does; mistakes end in one line.

Heavy imports happen inside the stages, so `--help` and `--cfg job` answer at once.
"""

import logging
import os
import sys
import traceback
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from pipeline.core.errors import UserError
from pipeline.core.rank import num_ranks, rank
from pipeline.study.complain import complain
from pipeline.study.config.explain import fell_while_composing, one_line, stumbled_over
from pipeline.study.config.register import register
from pipeline.study.run import interrupts
from pipeline.study.run.orphans import let_forks_die_with_us


# The config is in Hydra's store. It also looks in a package: one without folders, which it would take for groups.
@hydra.main(version_base="1.3", config_path="pkg://pipeline.core", config_name="config")
def _run(config: DictConfig) -> None:
    from pipeline.study.commands import execute

    with mistakes_in_one_line():  # here, since Hydra would put a line of its own before them
        execute(config, is_multirun=HydraConfig.get().mode == RunMode.MULTIRUN)


def main() -> None:
    """The console script. Exit codes: 0 done, 1 something failed, 2 a mistake in what was asked."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints many lines and exits 1 by itself
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # we draw our own; workers inherit it
    for launchers in ("hydra", "hydra_plugins"):  # they name each job, whose stages are done by then
        logging.getLogger(launchers).setLevel(logging.WARNING)
    let_forks_die_with_us()
    if rank() > 0:
        _follow()
        return
    sys.argv[1:] = _flags_first(sys.argv[1:])
    interrupts.listen()
    try:
        with mistakes_in_one_line(), _in_its_place():
            register()
            _run()
    except KeyboardInterrupt:
        complain("interrupted; the same line carries on from here")
        sys.exit(130)


def _follow() -> None:
    """Another rank leads: all that this one does is to train with it."""
    from pipeline.study.run.follow import follow

    with mistakes_in_one_line():
        follow()


def _in_its_place() -> AbstractContextManager[None]:
    """At the head of the other ranks, where there are any."""
    if num_ranks() == 1:
        return nullcontext()
    from pipeline.study.run.follow import leading

    return leading()


@contextmanager
def mistakes_in_one_line() -> Generator[None]:
    """What the user can mend becomes one line and exit code 2; FRONTLOAD_DEBUG=1 shows the stack as well."""
    try:
        yield
    except (UserError, HydraException, OmegaConfBaseException) as error:
        if os.environ.get("FRONTLOAD_DEBUG"):
            traceback.print_exc()
        complain(str(error) if isinstance(error, UserError) else one_line(error))
        sys.exit(2)
    except BrokenPipeError:  # whoever read our output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if os.environ.get("FRONTLOAD_DEBUG"):
            traceback.print_exc()
        complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(2)
    except Exception as error:
        if os.environ.get("FRONTLOAD_DEBUG") or not fell_while_composing(error):
            raise
        complain(stumbled_over(error, sys.argv[1:]))
        sys.exit(2)


def _flags_first(arguments: list[str]) -> list[str]:
    """`recipe=smoke -m seed=0,1` as argparse wants it: it refuses overrides on both sides of a flag."""
    overrides = [each for each in arguments if each.startswith("~") or ("=" in each and not each.startswith("-"))]
    return [*(each for each in arguments if each not in overrides), *overrides]
