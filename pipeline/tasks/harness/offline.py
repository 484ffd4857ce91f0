"""A room without network for the harness: nothing is looked up or downloaded, and no cache but a scratch folder grows.

The harness and its libraries ask the hub for data, for metrics and for NLTK's models, some of it at import;
they print, and they run other programs to describe the machine. Here all that is switched off, and switched
back on leaving.
"""

import logging
import os
import random
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pipeline.core.errors import UserError

_SWITCHES = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"}


@contextmanager
def offline() -> Generator[Path]:
    """Inside, the harness cannot reach the network; gives the scratch folder that goes when it ends."""
    with TemporaryDirectory(prefix="frontload-harness-") as folder, ExitStack() as stack:
        scratch = Path(folder)
        stack.enter_context(_environment(_SWITCHES))
        stack.enter_context(_same_chance())
        for owner, name, value in _replacements(scratch):
            stack.enter_context(_replaced(owner, name, value))
        stack.enter_context(_silence(logging.getLogger("lm_eval")))
        yield scratch


def seed_as_the_harness() -> None:
    """Seed the global random numbers as `simple_evaluate` does before it makes its tasks (its defaults)."""
    random.seed(0)
    np.random.seed(1234)  # the harness draws from the global state


def _replacements(scratch: Path) -> Iterator[tuple[Any, str, Any]]:
    """What is replaced for the time: owner, name, value."""
    import datasets.config
    import evaluate
    import huggingface_hub.constants
    import langdetect
    import nltk
    from lm_eval import evaluator
    from tqdm.std import tqdm

    yield huggingface_hub.constants, "HF_HUB_OFFLINE", True
    yield datasets.config, "HF_HUB_OFFLINE", True
    yield datasets.config, "HF_DATASETS_CACHE", scratch
    yield evaluate, "load", _load_metric
    yield nltk, "download", _refuse_download
    yield langdetect.DetectorFactory, "seed", 0  # IFEval asks it for the language of a text; it draws at random else
    yield evaluator, "add_env_info", _describe_nothing  # 2 seconds a call; the record has the versions
    yield evaluator, "get_git_commit_hash", _no_commit
    yield tqdm, "__init__", _without_bar(tqdm.__init__)


def _without_bar(begin: Callable[..., None]) -> Callable[..., None]:
    def begin_disabled(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **{**options, "disable": True})

    return begin_disabled


def _load_metric(name: str, *_: Any, **__: Any) -> Any:
    """In place of `evaluate.load`, which fetches a program from the hub: code runs in our sandbox, or not at all."""
    if name != "code_eval":
        raise UserError(f"the metric {name!r} is a program on the hub, and nothing is fetched; choose another task")
    from pipeline.tasks.sandbox.code_eval import CodeEval

    return CodeEval()


def _refuse_download(*_: Any, **__: Any) -> bool:
    return False


def _describe_nothing(_: dict[str, Any]) -> None:
    """In place of a report that starts pip and a dozen other programs."""


def _no_commit() -> None:
    """In place of a call of git in whatever folder this is."""


@contextmanager
def _environment(values: Mapping[str, str]) -> Generator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Generator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _same_chance() -> Generator[None]:
    """Leave Python's and NumPy's global random numbers as they were."""
    python, arrays = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)


@contextmanager
def _silence(logger: logging.Logger) -> Generator[None]:
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
