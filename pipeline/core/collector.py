"""Python's garbage collector out of the way of large imports."""

import gc
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
