"""Watch a sandboxed process from outside: gather what it writes, and end it when it writes or lasts too long."""

import os
import selectors
import subprocess
from dataclasses import dataclass, field
from time import monotonic
from typing import IO, Literal

from pipeline.tasks.sandbox.outcome import Limits

Cut = Literal["", "timed out", "output limit"]

_START_SECONDS = 60.0  # for the walls to go up, which no program is blamed for
_TAIL = 4096  # bytes of stdout and of stderr that are kept
_REPORT_BYTES = 1 << 16  # an honest report is far below
_CHUNK = 1 << 16


@dataclass(slots=True)
class Seen:
    """What was seen of one run."""

    report: bytearray = field(default_factory=bytearray)
    tails: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})
    num_bytes: int = 0  # of stdout and stderr
    cut: Cut = ""  # the limit that it was ended for; empty where it ended by itself
    status: int = 0  # exit status; 128 and above: killed by that signal
    seconds: float = 0.0  # from the program's start to the last that was heard of it

    @property
    def has_started(self) -> bool:
        """Whether the walls stood and the program's turn came."""
        return self.report.startswith(b"started\n")


def watch(process: "subprocess.Popen[bytes]", report: IO[bytes], limits: Limits) -> Seen:
    """Read what the process writes until it has ended, by itself or by a limit; nothing of it is left then."""
    assert process.stdout is not None and process.stderr is not None
    seen = Seen()
    with selectors.DefaultSelector() as selector, process:
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr), ("report", report)):
            selector.register(stream, selectors.EVENT_READ, name)
        try:
            seen.cut = _read_all(selector, seen, limits)
        finally:
            process.kill()  # with the process that holds the walls, everything inside dies
        seen.status = process.wait()
    return seen


def _read_all(selector: selectors.BaseSelector, seen: Seen, limits: Limits) -> Cut:
    """Read until all streams have ended. Returns the limit that was passed, if one was."""
    start, allowed = monotonic(), _START_SECONDS
    while selector.get_map():
        had_started = seen.has_started
        for key, _ in selector.select(max(0.0, start + allowed - monotonic())):
            if not _read(key.fd, key.data, seen):
                selector.unregister(key.fileobj)
        if seen.has_started and not had_started:
            start, allowed = monotonic(), limits.wall_seconds
        seen.seconds = monotonic() - start
        if seen.num_bytes > limits.output_bytes or len(seen.report) > _REPORT_BYTES:
            return "output limit"
        if seen.seconds >= allowed:
            return "timed out"
    return ""


def _read(descriptor: int, name: str, seen: Seen) -> bool:
    """Read once; whether there may be more."""
    data = os.read(descriptor, _CHUNK)
    if name == "report":
        seen.report += data
    else:
        seen.num_bytes += len(data)
        seen.tails[name] = (seen.tails[name] + data)[-_TAIL:]
    return bool(data)
