"""A job of several ranks: the first leads, the others follow it into each stage that trains on all of them.

All come through the door. The first reads the command line, keeps the store, runs what does not train, and speaks.
For a stage with `training.parallel` it calls the others (`board`), which do the same with the same folders, silently.
"""

import itertools
import os
import signal
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.rank import num_ranks
from pipeline.core.track import Silent
from pipeline.lm.config import Training
from pipeline.lm.training import ranks
from pipeline.study.nodes.node import Node
from pipeline.study.nodes.verbs import TRAININGS, VERBS, Folders, Place
from pipeline.study.run.board import board, expect_all, first_failure, group, within_grace

_FOREVER = timedelta(days=365)  # what does not train may take days
_numbers = itertools.count()  # of this process's collective stages


def check_ranks(nodes: Iterable[Node]) -> None:
    """Raise UserError where the ranks that were started cannot train what is to be trained, or are of no use to it."""
    trainings = [_training(node.literals) for node in nodes if node.kind in TRAININGS]
    if not trainings:
        return
    ranks.refuse_rivals()
    together = [training for training in trainings if ranks.train_together(training)]
    for training in together:
        ranks.rows_of_rank(training, num_ranks())
    if num_ranks() > 1 and not together:
        raise UserError(
            f"{num_ranks()} ranks were started and training.parallel=none trains on one of them; "
            "give training.parallel=ddp or fsdp, or start one process"
        )


def carry_out(kind: str, literals: Mapping[str, Any], folders: Folders, place: Place) -> Ledger:
    """Do what a node asks for: on all ranks where it trains on them together, else here.

    Raises what the room raises; UserError or RankError for what another rank has met and this one has not.
    """
    if kind not in TRAININGS or not ranks.train_together(_training(literals)):
        return VERBS[kind](literals, folders, place)
    number = next(_numbers)
    expect_all(number)
    board().set(f"call/{number}", _to_call(kind, literals, folders, place))
    try:
        with group(number):
            return VERBS[kind](literals, folders, place)
    except UserError:
        raise
    except Exception as error:
        first = first_failure(number)
        if first is None:
            raise
        raise first from error
    finally:
        board().set(f"over/{number}", b"1")


@contextmanager
def leading() -> Generator[None]:
    """Around all that the first of several ranks does: however it ends, the others end with it."""
    board()
    try:
        yield
    finally:
        if not isinstance(sys.exception(), KeyboardInterrupt):  # then the launcher ends them
            board().set(f"call/{next(_numbers)}", b"")
            within_grace(lambda: board().add("gone", 0) == num_ranks() - 1)


def follow() -> None:
    """Take part in each stage that the first rank calls for, until it has no more. Exits 1 where that rank is gone."""
    from torch.distributed import DistError

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first rank's business
    try:
        while (call := _hear(number := next(_numbers))) is not None:
            _take_part(number, call)
        board().add("gone", 1)
    except DistError:
        sys.exit(1)


def _hear(number: int) -> Mapping[str, Any] | None:
    board().wait([f"call/{number}"], _FOREVER)
    text = board().get(f"call/{number}")
    return orjson.loads(text) if text else None


def _take_part(number: int, call: Mapping[str, Any]) -> None:
    folders = {role: Path(folder) for role, folder in call["folders"].items()}
    data_root = Path(call["data_root"]) if call["data_root"] else None
    try:
        with group(number):
            VERBS[call["kind"]](call["literals"], folders, Place(Path(call["out"]), Silent(), data_root))
    except (Exception, SystemExit):  # noqa: BLE001 - the first rank is told of it, and says it
        if not within_grace(lambda: board().check([f"over/{number}"])):
            os._exit(0)  # it waits for this one, and hears of its end; the launcher need not act


def _training(literals: Mapping[str, Any]) -> Training:
    return Training.model_validate(literals["config"]["training"])


def _to_call(kind: str, literals: Mapping[str, Any], folders: Folders, place: Place) -> bytes:
    return orjson.dumps(
        {
            "kind": kind,
            "literals": dict(literals),
            "folders": {role: str(folder.absolute()) for role, folder in folders.items()},
            "out": str(place.out.absolute()),
            "data_root": str(place.data_root.absolute()) if place.data_root else "",
        }
    )
