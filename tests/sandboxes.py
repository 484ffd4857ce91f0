"""Where sandbox tests run: wherever bubblewrap itself works, whatever this project makes of it."""

import os
import shutil
import subprocess

import pytest

from pipeline.tasks.sandbox.outcome import Limits, Outcome
from pipeline.tasks.sandbox.run import run_python

QUICK = Limits(cpu_seconds=1, wall_seconds=60)


def _bubblewrap_works() -> bool:
    if shutil.which("bwrap") is None:
        return False
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    plain = ["bwrap", *user, "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]
    return subprocess.run(plain, capture_output=True, check=False).returncode == 0


needs_sandbox = pytest.mark.skipif(
    not _bubblewrap_works(), reason="NO BUBBLEWRAP THAT WORKS HERE: the sandbox is untested; install `bubblewrap`"
)


def run(program: str, limits: Limits = QUICK) -> Outcome:
    return run_python(program, limits)
