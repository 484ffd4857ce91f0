"""The one scorer of every task: reads a completion, says whether it is right and whether it has the form.

Eval rows come from here, and reward will too. Any text is a legal completion: what cannot be read is
scored wrong with the reason in `error`, and nothing raises.
"""

from dataclasses import dataclass

from pipeline.core.chat import Completion, parse_completion
from pipeline.tasks.gsm8k import last_number


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProblem:
    """One question of a suite, the same for every checkpoint that sees it."""

    id: str  # unique in its suite, stable over runs
    task: str  # family of the world, or benchmark
    domain: str
    depth: int
    template: str
    structure: str
    held_out: bool  # of a family that no corpus trains
    prompt: str
    answer: str  # a word of `choices`; for an open question a number in normal form
    choices: tuple[str, ...]  # words the answer could be; empty for an open question
    is_lookup: bool = False  # a control of the format: needs no reasoning


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of one completion."""

    answer: str | None  # as read; None where not well-formed
    correct: bool
    well_formed: bool
    error: str | None = None  # why it is not well-formed


def score(problem: TaskProblem, completion_text: str) -> Score:
    """Score what a model wrote after the prompt, special tokens kept.

    With choices, a well-formed answer is one word - any word, for the form is judged apart from what it says;
    an open answer is its last number.
    """
    completion = parse_completion(completion_text)
    error = _complaint(problem, completion)
    if error is not None or completion.answer is None:
        return Score(answer=None, correct=False, well_formed=False, error=error)
    answer = completion.answer if problem.choices else last_number(completion.answer)
    return Score(answer=answer, correct=answer == problem.answer, well_formed=True)


def _complaint(problem: TaskProblem, completion: Completion) -> str | None:
    """Why a completion is not well-formed; None where it is."""
    answer = completion.answer
    if answer is None:
        return "no answer with an end mark"
    if problem.choices:
        return None if len(answer.split()) == 1 else f"not one word: {answer[:40]!r}"
    return None if last_number(answer) is not None else f"no number: {answer[:40]!r}"
