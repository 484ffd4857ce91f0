"""Are the walls there? Asked before any untrusted program runs: what is promised is tried, not assumed."""

from functools import cache

from pipeline.core.errors import UserError
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.sandbox.run import run_python

# A program that ends well only where each wall stands.
_PROBE = """
import json, numpy, os, resource, socket
outside = {"bin", "etc", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "usr", "var"}
assert not outside & set(os.listdir("/")), "files of this machine are seen"
assert sorted(os.listdir("/dev")) == ["null", "urandom"], "devices are seen"
assert not os.environ, "the environment is not empty"
assert os.getuid() != 0, "the program is root"
refused = {
    "a second process": os.fork,
    "to write outside /tmp": lambda: os.mkdir("/outside"),
    "to become root": lambda: os.setuid(0),
    "a way into a network": lambda: socket.socket(type=2).connect(("192.0.2.1", 9)),
    "a socket to the host": lambda: socket.socket(40),
    "more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
    "more threads": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1)),
}
for what, attempt in refused.items():
    try:
        attempt()
    except (OSError, ValueError):
        continue
    raise AssertionError(what + " is not refused")
"""


@cache
def require_sandbox() -> None:
    """Try each wall, once a process.

    Raises UserError, naming what is missing and the next step, where programs cannot be isolated: without
    bubblewrap, without the right to make namespaces, on an unknown architecture, or with a wall that gives way.
    """
    outcome = run_python(_PROBE, Limits())
    if not outcome.passed:
        raise UserError(
            f"the sandbox for code tasks does not hold here: {outcome.detail}; docs/eval.md, section Sandbox, "
            "says what it needs; or leave the code suites out"
        )
