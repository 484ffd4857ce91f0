"""Completions up to a stop text, which generation itself knows nothing of: it is asked in rounds.

A round is twice as long as the one before it, and only what has not stopped goes on, so that less than twice the
tokens needed are made. What stands behind the stop text is cut by whoever reads the completion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.seeds import Key
from pipeline.eval.examinee import Examinee
from pipeline.lm.generation.generate import Sampling

_FIRST_ROUND = 32  # tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When and how a completion is made."""

    max_new_tokens: int
    temperature: float  # 0: greedy
    has_stopped: Callable[[list[int]], bool] | None  # whether a stop text was said; None: there is none


def complete_until(
    examinee: Examinee,
    prompts: Sequence[list[int]],
    keys: Sequence[tuple[Key, ...]],
    until: Until,
    advance: Callable[[int], object],
) -> list[list[int]]:
    """Token ids said behind each prompt, end mark included where there is one.

    keys: of the random streams, one a prompt; not looked at when greedy.
    """
    said: list[list[int]] = [[] for _ in prompts]
    waiting = list(range(len(prompts)))
    spent, length = 0, _FIRST_ROUND if until.has_stopped else until.max_new_tokens
    while waiting:
        count = min(length, until.max_new_tokens - spent)
        begun = [[*prompts[i], *said[i]] for i in waiting]
        sampling = Sampling(temperature=until.temperature, keys=[(*keys[i], spent) for i in waiting])
        for i, more in zip(waiting, examinee.complete(begun, count, sampling, _nobody), strict=True):
            said[i] += more
        spent, length = spent + count, 2 * length
        still = [i for i in waiting if spent < until.max_new_tokens and not _is_over(said[i], examinee, until)]
        advance(len(waiting) - len(still))
        waiting = still
    return said


def _is_over(said: list[int], examinee: Examinee, until: Until) -> bool:
    return said[-1] in examinee.ends or (until.has_stopped is not None and until.has_stopped(said))


def _nobody(_: int) -> None:
    """Rounds are no progress by themselves."""
