"""Ctrl-C that cannot be lost: Python drops a KeyboardInterrupt that lands in a finalizer or around a fork."""

import signal
from threading import Event
from types import FrameType

_HEARD = Event()


def listen() -> None:
    """Remember SIGINT beside raising KeyboardInterrupt; for the main thread. Ignored stays ignored, as behind `&`."""
    _HEARD.clear()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def check() -> None:
    """Raise KeyboardInterrupt where one was asked for and lost."""
    if _HEARD.is_set():
        raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _HEARD.set()
    raise KeyboardInterrupt
