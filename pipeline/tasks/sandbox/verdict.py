"""What became of a program, told from what was seen of it."""

import signal

from pipeline.core.errors import UserError
from pipeline.tasks.sandbox.outcome import Kind, Limits, Outcome
from pipeline.tasks.sandbox.watch import Seen

_KILLED = 128  # and above: the number of the signal


def judge(seen: Seen, limits: Limits, token: str) -> Outcome:
    """The outcome of a run. Raises UserError where the walls did not stand, so that the program was not run."""
    out, err = (seen.tails[name].decode(errors="replace") for name in ("stdout", "stderr"))
    if not seen.has_started:
        raise UserError(
            f"the sandbox for code tasks does not start here: {_last_line(err) or f'status {seen.status}'}; "
            "docs/eval.md, section Sandbox, says what bubblewrap needs; or leave the code suites out"
        )
    lines = seen.report.decode(errors="replace").splitlines()
    tried = tuple(line.removeprefix("tried ") for line in lines if line.startswith("tried "))
    if seen.status == _KILLED + signal.SIGSYS:
        tried = (*tried, "a system call that no answer needs")
    has_passed = not seen.cut and seen.status == 0 and f"done {token}" in lines
    kind, detail = ("passed", "") if has_passed else _failure(seen, limits, lines, err)
    if kind == "failed" and tried:
        kind = "blocked"
    return Outcome(kind=kind, detail=detail, tried=tried, compiled="compiled" in lines, stdout=out, stderr=err)


def _failure(seen: Seen, limits: Limits, lines: list[str], err: str) -> tuple[Kind, str]:
    """The limit that ended a program, or how it failed."""
    raised = next((line for line in lines if line.startswith(("raised ", "overflowed "))), "")
    if seen.cut == "output limit":
        return "output limit", f"wrote more than {limits.output_bytes} bytes"
    if seen.cut == "timed out":
        return "timed out", f"over {limits.wall_seconds:g} s of wall time"
    if _is_out_of_time(seen, limits):
        return "timed out", f"over {limits.cpu_seconds} s of processor time"
    if raised.startswith("overflowed "):
        return "output limit", f"files over {limits.scratch_bytes} bytes"
    if raised == "raised MemoryError" or (not raised and "MemoryError" in _last_line(err)):
        return "memory", f"over {limits.memory_bytes} bytes"
    return "failed", raised.removeprefix("raised ") or _how_it_ended(seen.status)


def _is_out_of_time(seen: Seen, limits: Limits) -> bool:
    """By its processor limit: the signal of the limit, or the kill that follows where that was ignored."""
    killed_late = seen.status == _KILLED + signal.SIGKILL and seen.seconds >= limits.cpu_seconds
    return seen.status == _KILLED + signal.SIGXCPU or killed_late


def _how_it_ended(status: int) -> str:
    if status >= _KILLED and status - _KILLED in set(signal.Signals):
        return f"killed by {signal.Signals(status - _KILLED).name}"
    return f"exited with status {status} before its end"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:200]
