"""No process outlives the one that started it.

A library may fork helpers inside a stage (datatrove has a manager process while it encodes). Killed with its
worker's death unseen, such a helper would stay for ever, and whoever reads our output would wait for it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Be sent a SIGTERM when the parent is gone; leave at once if it is gone already. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


def let_forks_die_with_us() -> None:
    """Whatever this process forks from now on, and their forks, is told of its parent's death."""
    os.register_at_fork(before=_remember, after_in_child=lambda: die_with_parent(_forking))


_forking = 0


def _remember() -> None:
    global _forking  # noqa: PLW0603 - the child must know who forked it
    _forking = os.getpid()
