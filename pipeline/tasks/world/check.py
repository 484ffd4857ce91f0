"""Whether the steps of a written trace are true: exact, and independent of how traces are written.

A written step is right if it is, word for word, one of the problem's true steps in its verbose or
its terse form. Each left side occurs once in a problem's steps, so a wrong result is never another
step's truth. What is left out is not wrong; a step said twice counts twice.
"""

from dataclasses import dataclass

from pipeline.tasks.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCheck:
    """How many steps were written, how many of them are true, and the index of the first that is not."""

    num_steps: int
    num_right: int
    first_wrong: int | None  # None: all written steps are true


def check_trace(problem: Problem, reasoning: str) -> StepCheck:
    """Compare every written step of a trace, a model's or a corpus's, with the problem's truth."""
    written = split_steps(reasoning)
    true = {step.text for step in problem.steps} | {step.terse for step in problem.steps}
    right = [step in true for step in written]
    return StepCheck(
        num_steps=len(written), num_right=sum(right), first_wrong=right.index(False) if False in right else None
    )


def split_steps(reasoning: str) -> list[str]:
    """The steps of a trace: what stands between full stops, with single spaces, nothing empty."""
    parts: list[list[str]] = [[]]
    for word in reasoning.split():
        if word == ".":
            parts.append([])
        else:
            parts[-1].append(word)
    return [" ".join(part) for part in parts if part]
