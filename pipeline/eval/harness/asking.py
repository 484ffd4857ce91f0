"""How a benchmark is put to the model, and what its requests say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lm_eval.api.instance import Instance

from pipeline.eval.harness.reading import Said


@dataclass(slots=True)
class Asking:
    """How a benchmark is put to the model, and what it has said so far."""

    key: tuple[str | int, ...]  # of its random streams
    samples: int
    strip_thoughts: bool
    num_problems: int
    advance: Callable[[int], object]
    sample: int = 0  # the run at hand
    said: dict[tuple[str, int], list[Said]] = field(default_factory=dict)  # by task and problem, a completion a sample


def in_problems(advance: Callable[[int], object], num_problems: int, num_requests: int) -> Callable[[int], object]:
    """`advance` for requests, of which the problems have several each."""
    done = told = 0

    def tell(count: int) -> None:
        nonlocal done, told
        done += count
        advance(num_problems * done // num_requests - told)
        told = num_problems * done // num_requests

    return tell


def generation_of_request(request: Instance) -> dict[str, Any]:
    """How its completion is to be made."""
    return dict(request.arguments[1])


def name_of_request(request: Instance) -> tuple[str, int]:
    """Its task, and the number of its problem there."""
    assert request.task_name is not None
    assert request.doc_id is not None
    return request.task_name, request.doc_id
