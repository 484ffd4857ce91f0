"""Runs behind the walls, as a script: sets limits, watches what is tried, runs the program, says how it went.

Standard library only. Arguments: file descriptor of the report, token, user id to become (-1: stay), CPU
seconds, bytes of address space, bytes of a file, tasks. It reports, a line each: `started`, `compiled`,
`tried WHAT`, `raised WHAT`, and `done TOKEN` when the program ran to its end.

The program shares this interpreter, as its tests must, so one that searches for the token can forge the
report: it deceives its own score. The walls stand outside and do not depend on this file.
"""

import os
import resource
import sys
from collections.abc import Callable, Sequence
from posixpath import join, normpath

PROGRAM = "/program.py"
PACKAGES = "/packages"
SCRATCH = "/tmp"  # noqa: S108 - the sandbox's own
WRITABLE = (SCRATCH, "/dev/null")
READABLE = (*WRITABLE, PACKAGES, PROGRAM, "/python", "/dev/urandom")

_MAX_TRIED, _MAX_CHARS = 16, 120
_READS = ("open", "os.listdir", "os.scandir", "os.chdir")  # audit events
_WRITES = ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.utime", "os.chmod", "os.chown", "sqlite3.connect")
_PATHS = {  # audit event: how many of its first arguments are paths
    **dict.fromkeys((*_READS, *_WRITES), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), 2),
}
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: what an own network namespace holds
_ADDRESSES = {  # audit event: which of its arguments is the address
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"), 1),
    **dict.fromkeys(("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"), 0),
}
_PROCESSES = {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "subprocess.Popen", "pty.spawn"}
_SIGNALS = {"os.kill", "os.killpg"}


def main(descriptor: int, token: str, user: int, limits: list[int]) -> int:
    """Run the program; the exit status. Names that it could replace are taken before it runs."""
    is_memory, is_any, show, write = MemoryError, BaseException, _show, os.write

    def report(line: str) -> None:
        write(descriptor, line.encode(errors="replace") + b"\n")

    if user >= 0:  # root gives itself up: another user, whose privileges are none
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _limit(*limits)
    os.environ.clear()
    sys.argv[:] = sys.orig_argv[:] = [PROGRAM]
    sys.path.append(PACKAGES)
    with open(PROGRAM, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double the time to start
        source = file.read()
    report("started")
    try:
        code = compile(source, PROGRAM, "exec", dont_inherit=True)
        report("compiled")
        sys.addaudithook(_watcher(report))
        exec(code, {})  # noqa: S102 - with no names, so that `__name__` is not "__main__": as HumanEval's own runner does
    except is_memory:
        report("raised MemoryError")
    except is_any as error:  # whatever a program raises, SystemExit too, is its result
        show(error, report)
    else:
        sys.stdout.flush()
        report(f"done {token}")
        return 0
    return 1


def _limit(cpu_seconds: int, memory_bytes: int, file_bytes: int, tasks: int) -> None:
    """Hard limits, which an unprivileged process cannot raise."""
    # The signal that ends a program at its CPU limit can be ignored; the kill a second later cannot.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    limits = {"AS": memory_bytes, "FSIZE": file_bytes, "NPROC": tasks, "NOFILE": 64, "STACK": 8 << 20, "CORE": 0}
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def _show(error: BaseException, report: Callable[[str], None]) -> None:
    import traceback

    outer = error.__traceback__  # this file's own line
    traceback.print_exception(error.with_traceback(outer.tb_next if outer else None), limit=-8)
    is_full = isinstance(error, OSError) and error.errno in (27, 28)  # EFBIG, ENOSPC
    what = " ".join(traceback.format_exception_only(error)[-1].split())
    report(f"{'overflowed' if is_full else 'raised'} {what[:200]}")


def _watcher(report: Callable[[str], None]) -> Callable[[str, tuple[object, ...]], None]:
    """An audit hook that reports each different attempt to get out, up to a number."""
    seen: set[str] = set()
    describe, own, most = _describe, os.getpid(), _MAX_TRIED

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        what = describe(event, arguments, own)
        if what is not None and what not in seen and seen.__len__() < most:
            seen.add(what)
            report(f"tried {what}")

    return watch


def _describe(event: str, arguments: tuple[object, ...], own: int) -> str | None:
    """What an audit event tries outside the walls, in one line; None where it stays within."""
    if event in _PATHS:
        return _describe_path(event, arguments)
    if event in _ADDRESSES:
        address = arguments[_ADDRESSES[event]]
        return _line(event, address if type(address) is tuple else (address,))
    if event == "socket.__new__" and arguments[1] not in _FAMILIES:
        return _line("socket of family", arguments[1:2])
    if event in _SIGNALS and arguments[0] != own:
        return _line(event, arguments)
    return _line(event, arguments[:1]) if event in _PROCESSES else None


def _describe_path(event: str, arguments: tuple[object, ...]) -> str | None:
    flags = arguments[2] if event == "open" else None
    is_write = event not in _READS or (type(flags) is int and flags & _WRITE_FLAGS)
    roots = WRITABLE if is_write else READABLE
    outside = [path for each in arguments[: _PATHS[event]] if (path := _outside(each, roots))]
    return _line(f"{event} to write" if event == "open" and is_write else event, outside[:1]) if outside else None


def _line(event: str, details: Sequence[object]) -> str:
    """One line of plain values: nothing of the program's own is asked for its text."""
    plain = [repr(part) for part in details if type(part) in (str, bytes, int)]
    return " ".join([event, *plain])[:_MAX_CHARS]


def _outside(value: object, roots: Sequence[str]) -> str | None:
    """A path that leads out of the roots; None for one that does not, and for what is none, as a file descriptor."""
    path = value.decode(errors="replace") if type(value) is bytes else value
    if type(path) is not str or not path:
        return None
    try:
        full = normpath(join(os.getcwd(), path))  # noqa: PTH109
    except OSError:  # the folder it stood in is gone
        full = normpath(path)
    return None if any(full == root or full.startswith(root + "/") for root in roots) else path


if __name__ == "__main__":
    descriptor, user, *limits = [int(value) for value in (sys.argv[1], *sys.argv[3:])]
    # At once: what the program registered for its end, or left running, is not waited for. `os._exit` is taken first.
    os._exit(main(descriptor, sys.argv[2], user, limits))
