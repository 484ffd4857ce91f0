"""What a program may use, and what became of it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from pipeline.core.config import Config

Kind = Literal["passed", "failed", "timed out", "memory", "output limit", "blocked"]

_MB = 1 << 20


class Limits(Config):
    """What one program may use. They decide results, so they are part of what a suite asks.

    Processor time is the published limit of HumanEval's and the harness's `code_eval` (3 s); it does not grow
    when the machine is busy, as wall time does, which only stops what sleeps.
    """

    cpu_seconds: int = Field(default=3, ge=1)
    wall_seconds: float = Field(default=15.0, gt=0)
    memory_bytes: int = Field(default=1024 * _MB, ge=64 * _MB)  # address space, the interpreter's own 20 MB included
    scratch_bytes: int = Field(default=32 * _MB, ge=4096)  # files in /tmp, all together: they lie in memory
    output_bytes: int = Field(default=8 * _MB, ge=1)  # written to stdout and stderr together
    threads: int = Field(default=32, ge=1)  # there is no second process, whatever this says


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one program.

    passed: it ran to its end. failed: it raised, exited or died. blocked: it failed, no limit was hit, and it
    had tried something that the sandbox stops. The other kinds name the limit that ended it.
    """

    kind: Kind
    detail: str  # one line: the exception, the signal or the limit; empty where it passed
    tried: tuple[
        str, ...
    ] = ()  # attempts to get out, as far as Python's audit events show them; may also be of one that passed
    compiled: bool = True  # False: no Python program
    stdout: str = ""  # the last characters of each
    stderr: str = ""

    @property
    def passed(self) -> bool:
        """Whether the program ran to its end, its tests included."""
        return self.kind == "passed"
