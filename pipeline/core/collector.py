"""Python's garbage collector out of the way of large imports."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Generator[None]:
    """No collection inside: torch and transformers make a million objects that stay, and looking through them again
    and again takes a fifth of their import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def importing() -> Generator[None]:
    """The same, and what was imported is never looked through later either: 0.2 CPU-seconds for each full collection.

    What is garbage by then would stay for good, so that it is collected before, save at the first import of all.
    """
    num_modules = len(sys.modules)
    with at_rest():
        yield
        if len(sys.modules) > num_modules:
            if gc.get_freeze_count():
                gc.collect()
            gc.freeze()
