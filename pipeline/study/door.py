"""From a command line to a study: Hydra composes, `parse` types, `commands` does; mistakes end in one line.

Heavy imports happen inside the stages, so `--help` and `--cfg job` answer at once.
"""

import os
import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from pipeline.core.errors import UserError
from pipeline.study.explain import one_line
from pipeline.study.register import register


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def _run(config: DictConfig) -> None:
    from pipeline.study.commands import execute

    try:
        execute(config, is_multirun=HydraConfig.get().mode == RunMode.MULTIRUN)
    except UserError as error:
        fail(str(error))  # here, since Hydra would put a line of its own before it


def main() -> None:
    """The console script. Exit codes: 0 done, 1 something failed, 2 a mistake in what was asked."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints many lines and exits 1 by itself
    try:
        register()
        _run()
    except UserError as error:
        fail(str(error))
    except (HydraException, OmegaConfBaseException) as error:
        if os.environ.get("FRONTLOAD_DEBUG"):
            raise
        fail(one_line(error))
    except KeyboardInterrupt:
        print("frontload: interrupted; the same line carries on from here", file=sys.stderr)  # noqa: T201
        sys.exit(130)


def fail(message: str) -> None:
    """Print one line and exit 2."""
    print(f"frontload: {message}", file=sys.stderr)  # noqa: T201 - the terminal is this function's business
    sys.exit(2)
