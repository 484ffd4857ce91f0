"""The system calls that a sandboxed program may not make, as a seccomp filter that bubblewrap loads.

Namespaces and limits are the walls; this closes what they leave open:

* no second process, so that the memory limit, which the kernel counts for each, is a total, and nothing stays behind;
* no memory outside that limit (System V segments, memfd);
* no sockets but those that a network namespace holds: a virtual machine's VSOCK reaches its host through one;
* no new namespaces, no tracing, no kernel log, none of the kernel's rarely used doors.

A refused call fails with EPERM; one that only an attack makes ends the program with SIGSYS, which tells of
it beyond doubt; every other one is allowed. The numbers are the kernel's, which never change
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h). The filter is classic BPF as in
the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

import errno
import platform
import struct
from collections.abc import Mapping

from pipeline.core.errors import UserError

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, AUDIT_ARCH_*
_ABSENT = -1
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_REFUSED: dict[str, tuple[int, int]] = {
    "fork": (57, _ABSENT),
    "vfork": (58, _ABSENT),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "syslog": (103, 116),
    "personality": (135, 92),
}
_FATAL: dict[str, tuple[int, int]] = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "open_by_handle_at": (304, 265),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "modify_ldt": (154, _ABSENT),
    "iopl": (172, _ABSENT),
    "ioperm": (173, _ABSENT),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF operations on 32-bit words
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little endian
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_OTHER_ABI = 0x40000000  # x32 calls, which no 64-bit program makes
_CLONE_THREAD = 0x00010000
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6


def call_filter() -> bytes:
    """The filter for this machine's architecture, as an array of struct sock_filter.

    Raises UserError for an architecture whose call numbers are not in the table.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise UserError(f"code tasks run on {known}, and this machine is {machine!r}; leave the code suites out")
    column, architecture = _ARCHITECTURES[machine]
    return b"".join(
        [
            *(_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL)),
            _step(_LOAD, _NUMBER),
            *(_step(_AT_LEAST, _OTHER_ABI, 0, 1), _fail(errno.EPERM)),
            *(_step(_EQUAL, _CLONE3[column], 0, 1), _fail(errno.ENOSYS)),  # the C library then uses clone
            *_end_all(_REFUSED, column, _fail(errno.EPERM)),
            *_end_all(_FATAL, column, _step(_RETURN, _KILL)),
            *_allow_if(_CLONE[column], [_step(_ANY_BIT, _CLONE_THREAD, 1, 0)]),
            *_allow_if(_SOCKET[column], [_step(_EQUAL, family, 3 - i, 0) for i, family in enumerate(_FAMILIES)]),
            _step(_RETURN, _ALLOW),
        ]
    )


def _end_all(calls: Mapping[str, tuple[int, int]], column: int, end: bytes) -> list[bytes]:
    """End each of the calls in the same way."""
    numbers = [call[column] for call in calls.values() if call[column] != _ABSENT]
    return [step for number in numbers for step in (_step(_EQUAL, number, 0, 1), end)]


def _allow_if(number: int, tests: list[bytes]) -> list[bytes]:
    """Refuse a call unless one of the tests of its first argument jumps over the refusal."""
    body = [_step(_LOAD, _FIRST_ARGUMENT), *tests, _fail(errno.EPERM), _step(_RETURN, _ALLOW)]
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)


def _fail(error: int) -> bytes:
    return _step(_RETURN, _FAIL | error)
