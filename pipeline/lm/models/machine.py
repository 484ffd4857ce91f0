"""The process around a run: threads, determinism, memory, and the signal to stop."""

import ctypes
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's `mallopt` (malloc.h)
_NEVER = 2**30  # bytes: larger than what a small model asks for at once
_GLIBC_DEFAULT = 2**17

TERMINATED = 128 + signal.SIGTERM  # the exit code of a process that SIGTERM ended


@contextmanager
def exact(threads: int) -> Generator[None]:
    """Run on this many threads with deterministic kernels only, so that equal runs give equal bits."""
    deterministic: Any = torch.utils.deterministic  # its attributes are made at run time
    threads_before, exact_before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    fill_before = deterministic.fill_uninitialized_memory
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it a GPU's matrix products refuse
    torch.use_deterministic_algorithms(mode=True)
    deterministic.fill_uninitialized_memory = False  # a debugging aid that costs a pass over each tensor
    try:
        yield
    finally:
        torch.set_num_threads(threads_before)
        torch.use_deterministic_algorithms(mode=exact_before)
        deterministic.fill_uninitialized_memory = fill_before


@contextmanager
def keeping_memory() -> Generator[None]:
    """Keep what was freed for the next step, which asks for the same again; give it back to the system at the end.

    glibc returns large blocks at once, and the system clears each page anew: 8 % of a step of the tunnel's model.
    Where there is no glibc nothing changes. Bits never do.
    """
    libc = ctypes.CDLL(None)
    mallopt, malloc_trim = getattr(libc, "mallopt", None), getattr(libc, "malloc_trim", None)
    if mallopt is None or malloc_trim is None:
        yield
        return
    for threshold in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
        mallopt(threshold, _NEVER)
    try:
        yield
    finally:
        for threshold in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            mallopt(threshold, _GLIBC_DEFAULT)
        malloc_trim(0)


@contextmanager
def stop_requests() -> Generator[threading.Event]:
    """An event that SIGTERM sets, so that a loop can finish its step and save. Only the main thread hears signals."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(_: int, __: FrameType | None) -> None:
        stop.set()

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
