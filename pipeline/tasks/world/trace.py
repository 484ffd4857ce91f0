"""How a problem's true steps are written down, and spoilt on purpose where a corpus asks for it.

Steps are separated by " . "; there is no mark at the end. Corruption is local: one step's result is
replaced by a word of the same kind and the steps after it stay true, so a corrupted trace teaches a
wrong step, never a consistent other problem. `check` finds the same steps without knowing of this module.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

from pipeline.tasks.problem import Problem, Step

Style = Literal["verbose", "terse", "skipped", "answer_only"]
STYLES: tuple[Style, ...] = ("verbose", "terse", "skipped", "answer_only")
SEPARATOR = " . "


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A written trace. `labels` says for each written step whether it is true."""

    text: str
    num_steps: int
    num_corrupted: int
    labels: tuple[bool, ...]


EMPTY = Trace(text="", num_steps=0, num_corrupted=0, labels=())


def write_trace(problem: Problem, style: Style, rng: Random, corrupted_rate: float = 0.0) -> Trace:
    """The problem's steps in one style, each written step corrupted with probability `corrupted_rate`.

    verbose repeats operands; terse gives results only; skipped is verbose with each step but the last
    left out with probability 1/2; answer_only writes nothing.
    """
    if style == "answer_only":
        return EMPTY
    steps = problem.steps if style != "skipped" else _thinned(problem.steps, rng)
    written = [step.terse if style == "terse" else step.text for step in steps]
    labels = [True] * len(steps)
    if corrupted_rate:
        for i, step in enumerate(steps):
            if rng.random() < corrupted_rate:
                written[i], labels[i] = _corrupted(written[i], step, rng), False
    num_corrupted = len(steps) - sum(labels)
    return Trace(text=SEPARATOR.join(written), num_steps=len(steps), num_corrupted=num_corrupted, labels=tuple(labels))


def wrong_answer(problem: Problem, rng: Random) -> str:
    """One of the problem's choices that is not its answer."""
    wrong = [choice for choice in problem.choices if choice != problem.answer]
    return wrong[int(rng.random() * len(wrong))]


def _thinned(steps: tuple[Step, ...], rng: Random) -> tuple[Step, ...]:
    return (*(step for step in steps[:-1] if rng.random() < 0.5), steps[-1])


def _corrupted(text: str, step: Step, rng: Random) -> str:
    replacement = step.alternatives[int(rng.random() * len(step.alternatives))]
    return text[: len(text) - len(step.result)] + replacement
