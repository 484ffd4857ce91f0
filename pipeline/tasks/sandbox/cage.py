"""The walls: bubblewrap's command line, and the few files that a program may see.

What stands behind the walls: `/python` (the base interpreter of this environment, its standard library and
the shared libraries it loads), `/packages` (NumPy, which published tests import), `/dev/null`,
`/dev/urandom`, the program, and `/tmp`, which is memory. All but `/tmp` is read-only. There is no `/proc`,
no `/etc`, no home, no shell, no network device but an own loopback; the environment is empty.

Two ways lead to the same place. An ordinary user gets namespaces through a user namespace of its own.
Root gets them at once and gives root up inside (`inside._become`), because the kernel does not limit the
number of root's threads, however it is mapped.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from pipeline.core.errors import UserError
from pipeline.tasks.sandbox import inside
from pipeline.tasks.sandbox.outcome import Limits

_NOBODY = 65534
_ROOTS_USERS = 20_000, 40_000  # first id and how many; each runs one program at a time, so that its threads are its own
_LINKED = re.compile(r"^\s*(?:(\S+) => )?(/.+) \(0x", re.MULTILINE)
_LEFT_OUT = (
    "_tkinter",
    "_test",
    "_ctypes_test",
    "_xx",
)  # extension modules that would drag in a desktop, or nobody needs


def cage(limits: Limits, *, filter_fd: int, program_fd: int, report_fd: int, token: str) -> list[str]:
    """The command that runs the program of `program_fd` behind the walls.

    Raises UserError where bubblewrap is not installed.
    """
    is_root = os.geteuid() == 0
    user = _ROOTS_USERS[0] + threading.get_native_id() % _ROOTS_USERS[1] if is_root else -1
    asked = (limits.cpu_seconds, limits.memory_bytes, limits.scratch_bytes, limits.threads + 2)
    return [
        bubblewrap(),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *("--cap-drop", "ALL", *(_roots_way() if is_root else _users_way())),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *_files(),
        *("--perms", "0444", "--ro-bind-data", str(program_fd), inside.PROGRAM),
        *("--perms", "0777", "--size", str(limits.scratch_bytes), "--tmpfs", inside.SCRATCH),
        *("--remount-ro", "/", "--chdir", inside.SCRATCH),
        *("--seccomp", str(filter_fd)),
        *("--clearenv", "--setenv", "LD_LIBRARY_PATH", "/python/so", "--setenv", "PYTHONHASHSEED", "0"),
        *("--setenv", "OPENBLAS_NUM_THREADS", "1"),
        *("/python/bin/python3", "-BSsP", "-X", "utf8", "/python/inside.py"),
        *(str(report_fd), token, str(user), *map(str, asked)),
    ]


def bubblewrap() -> str:
    """Where bubblewrap is. Raises UserError where it is not."""
    found = shutil.which("bwrap")
    if found is None:
        raise UserError(
            "code tasks run in a sandbox that needs bubblewrap, and there is no `bwrap` on PATH; "
            "install the package `bubblewrap`, or leave the code suites out"
        )
    return found


def _roots_way() -> tuple[str, ...]:
    return ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")


def _users_way() -> tuple[str, ...]:
    return ("--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY))


@cache
def _files() -> tuple[str, ...]:
    """Arguments that show the interpreter, its libraries and NumPy, read-only, at paths that tell of no home."""
    library, numpy = Path(sysconfig.get_path("stdlib")), _numpy()
    inner_library = f"/python/{sys.platlibdir}/{library.name}"
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    extensions = [path for path in library.glob("lib-dynload/*.so") if not path.name.startswith(_LEFT_OUT)]
    shown = {"/python/bin/python3": python, inner_library: library, "/python/inside.py": Path(inside.__file__), **numpy}
    shown |= _libraries([python, *extensions, *(path for folder in numpy.values() for path in folder.rglob("*.so"))])
    covered = [f"{inner_library}/{name}" for name in ("site-packages", "dist-packages") if (library / name).is_dir()]
    devices = ("/dev/null", "/dev/urandom")
    parents = sorted({str(parent) for name in (*shown, *devices) for parent in PurePosixPath(name).parents} - {"/"})
    return (
        *(argument for parent in parents for argument in ("--perms", "0755", "--dir", parent)),
        *(argument for to, path in shown.items() for argument in ("--ro-bind", str(path), to)),
        *(argument for folder in covered for argument in ("--tmpfs", folder, "--remount-ro", folder)),
        *(argument for name in devices for argument in ("--dev-bind", name, name)),
    )


def _numpy() -> dict[str, Path]:
    """NumPy and the folder of its own libraries, which it finds beside itself."""
    spec = find_spec("numpy")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    folders = (package, package.with_name("numpy.libs"))
    return {f"{inside.PACKAGES}/{folder.name}": folder for folder in folders if folder.is_dir()}


def _libraries(binaries: Sequence[Path]) -> dict[str, Path]:
    """The shared libraries that binaries load, by their path inside; the loader itself keeps its path."""
    ldd = shutil.which("ldd")
    if ldd is None:
        raise UserError(
            "the sandbox asks `ldd` which libraries Python needs, and it is not on PATH; install it (glibc)"
        )
    listed = subprocess.run([ldd, *binaries], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = {(name, Path(path)) for name, path in _LINKED.findall(listed) if "numpy.libs" not in path}
    return {f"/python/so/{name}" if name else str(path): path for name, path in sorted(found)}
