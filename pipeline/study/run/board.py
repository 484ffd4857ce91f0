"""Where the ranks of a job meet between collective stages: torch's key-value store, which torchrun serves, or rank 0.

    call/3    what stage number 3 is, as JSON; empty where there is nothing more to do
    failed/3  the first failure in it: on which rank, and what it said
    out/3     how many ranks have left it;  over/3  rank 0 is among them
    gone      how many ranks have ended

A failure on every rank alike (a loss that is no number) ends a stage and no more. A rank that fails alone leaves the
others in an exchange that never ends: whoever does not come out of it within `GRACE_SECONDS` ends its process, rank 0
with the failure's line. Nothing is lost but the time since the last restart point.
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from threading import Event, Thread
from typing import Any

import orjson

from pipeline.core.errors import UserError
from pipeline.core.rank import num_ranks, rank
from pipeline.lm.training import ranks
from pipeline.study.complain import complain

GRACE_SECONDS = 10.0
_SECONDS_BETWEEN_LOOKS = 0.2
_LOST = "the connection to another rank broke (killed, or its machine is gone); the same line carries on from here"


class RankError(Exception):
    """What another rank raised, in words."""


@cache
def board() -> Any:
    """The key-value store. Raises UserError where this process was not told where it is."""
    from torch.distributed.rendezvous import rendezvous

    try:
        return next(iter(rendezvous("env://")))[0]
    except ValueError as error:
        raise UserError(f"{error}; start several ranks with torchrun or `accelerate launch`") from None


@contextmanager
def group(number: int) -> Generator[None]:
    """All ranks in one process group, for the stage of that number."""
    from torch.distributed import destroy_process_group
    from torch.distributed.distributed_c10d import PrefixStore

    ranks.join(PrefixStore(f"group/{number}", board()))
    left = Event()
    Thread(target=_watch, args=(number, left), daemon=True).start()
    try:
        yield
    except BaseException as error:
        board().compare_set(f"failed/{number}", "", _to_failure(error))
        raise
    finally:
        left.set()
        board().add(f"out/{number}", 1)
        destroy_process_group()


def first_failure(number: int) -> Exception | None:
    """What the rank that failed first met, to be raised here; None where this one was first for a reason of its own."""
    failure = orjson.loads(board().get(f"failed/{number}"))
    if failure["is_mendable"]:
        return UserError(failure["text"])
    return None if failure["rank"] == rank() else RankError(f"rank {failure['rank']}: {failure['text']}")


def expect_all(number: int) -> None:
    """Raise UserError where a rank has not come out of the stage before this one."""
    if number and not within_grace(lambda: board().add(f"out/{number - 1}", 0) == num_ranks()):
        raise UserError("another rank ended in an earlier stage; the same line carries on from here")


def within_grace(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + GRACE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return True


def _to_failure(error: BaseException) -> str:
    is_lost = isinstance(error, RuntimeError) and "by peer" in str(error)  # as gloo has it: closed, or reset
    text = _LOST if is_lost else str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    failure = {"rank": rank(), "text": " ".join(text.split()), "is_mendable": is_lost or isinstance(error, UserError)}
    return orjson.dumps(failure).decode()


def _watch(number: int, left: Event) -> None:
    """End this process where another rank has failed, or rank 0 is gone, and it does not come out of the stage."""
    from torch.distributed import DistError

    own, is_over = board().clone(), False  # a connection of its own: the other may be waiting
    while not is_over and not left.wait(_SECONDS_BETWEEN_LOOKS):
        try:
            is_over = own.check([f"failed/{number}"])
        except DistError:
            is_over = True
    patience = GRACE_SECONDS * (2 if rank() == 0 else 1)  # the others' ends break its exchange, and it comes out
    if is_over and not left.wait(patience):
        if rank() == 0:
            complain(str(first_failure(number)))
        os._exit(int(rank() == 0))
