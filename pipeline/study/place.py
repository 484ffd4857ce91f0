"""The store that a command line names, checked before anything is computed."""

import os
from pathlib import Path

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.mounts import network_kind
from pipeline.core.store import Store
from pipeline.study.config.schema import Context
from pipeline.study.terminal import say


def open_store(context: Context) -> Store:
    """The store. Raises UserError where something else is in its place."""
    root = context.store
    in_the_way = next((path for path in (root, *root.parents) if path.exists() and not path.is_dir()), None)
    if in_the_way is not None:
        raise UserError(f"store={root}: {in_the_way} is a file, not a folder; give store=FOLDER")
    return Store(root, lock_kind=context.lock)


def say_network(console: Console, context: Context) -> None:
    """Say where the store is on a network file system and its locks are the kernel's, which may end at this machine."""
    kind = network_kind(context.store)
    if kind and context.lock == "kernel":
        say(
            console,
            f"store={context.store} is on a network file system ({kind}), where lock=kernel may not reach other "
            "machines; give lock=lease where more than one of them works on it",
        )


def make_writable(root: Path) -> None:
    """Make the store's folder. Raises UserError where that cannot be, or nothing can be written there."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"store={root} cannot be made ({error.strerror}); give store=FOLDER") from None
    if not os.access(root, os.W_OK | os.X_OK):
        raise UserError(f"store={root} cannot be written; give store=FOLDER")
