"""The one scorer of every task: reads a completion, says whether it is right and whether it has the form.

Eval rows come from here, and reward will too. Any text is a legal completion: what cannot be read is
scored wrong with the reason in `error`, and a scorer that raises is reported there too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.chat import Completion, parse_completion
from pipeline.tasks.code.check import Check, LiteralCheck, ProgramCheck
from pipeline.tasks.gsm8k import final_number


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
    is_lookup: bool = False  # a control: needs no reasoning, and counts in no average over it
    is_text: bool = False  # an open answer that is compared word by word, not as a number
    form: str = ""  # a regular expression: well-formed is what matches it whole; empty: the form of all answers
    check: Check | None = None  # of a code task: what is run, or compared; `answer` is then one that is right

    @property
    def opening(self) -> str:
        """What of the answer already stands there when the model goes on."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of one completion."""

    answer: str | None  # as read; None where not well-formed
    correct: bool
    well_formed: bool
    error: str | None = None  # why it is not well-formed; of a program, how it ended where it did not pass
    outcome: str | None = None  # of a program: what became of it in the sandbox (`tasks.sandbox.outcome.Kind`)
    tried: tuple[str, ...] = ()  # of a program: its attempts to get out, which were stopped


def score(problem: TaskProblem, completion_text: str) -> Score:
    """Score what a model wrote after the prompt, special tokens kept.

    With choices, a well-formed answer is one word - any word, for the form is judged apart from what it says;
    an open answer is the number that it ends in, or its words. Code is run in the sandbox.
    Raises UserError for code where programs cannot be isolated.
    """
    if problem.check is not None:
        return score_all([problem], [completion_text])[0]
    return _guarded(lambda: _score_text(problem, completion_text))


def _score_text(problem: TaskProblem, completion_text: str) -> Score:
    completion = parse_completion(completion_text)
    error = _complaint(problem, completion)
    if error is not None or completion.answer is None:
        return Score(answer=None, correct=False, well_formed=False, error=error)
    answer = completion.answer if problem.choices else _open_answer(problem, completion.answer)
    return Score(answer=answer, correct=answer == problem.answer, well_formed=True)


def score_all(
    problems: Sequence[TaskProblem], completion_texts: Sequence[str], advance: Callable[[int], object] = int
) -> list[Score]:
    """The scores of many completions, in order; programs are run several beside one another.

    advance: told how many more programs are done. Raises UserError where programs cannot be isolated.
    """
    from pipeline.tasks.code.scoring import score_literal, score_programs

    pairs = list(zip(problems, completion_texts, strict=True))
    programs = [(problem.check, text) for problem, text in pairs if isinstance(problem.check, ProgramCheck)]
    run = iter(score_programs(programs, advance))
    scores: list[Score] = []
    for problem, text in pairs:
        if isinstance(problem.check, ProgramCheck):
            scores.append(next(run))
            continue
        if isinstance(problem.check, LiteralCheck):
            check, gold = problem.check, problem.answer
            scores.append(_guarded(lambda check=check, gold=gold, text=text: score_literal(check, gold, text)))
        else:
            scores.append(score(problem, text))
    return scores


def _guarded(scorer: Callable[[], Score]) -> Score:
    """What a scorer says, or why it could not: one answer that it cannot take must not cost all others."""
    try:
        return scorer()
    except Exception as error:  # noqa: BLE001 - whatever it is, the row names it
        complaint = f"scorer raised {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return Score(answer=None, correct=False, well_formed=False, error=complaint)


def _complaint(problem: TaskProblem, completion: Completion) -> str | None:
    """Why a completion is not well-formed; None where it is."""
    answer = completion.answer
    if answer is None:
        return "no answer with an end mark"
    if problem.form and not re.fullmatch(problem.form, " ".join(answer.split())):
        return f"not in the form asked for: {answer[:40]!r}"
    if problem.choices:
        return None if len(answer.split()) == 1 else f"not one word: {answer[:40]!r}"
    return None if _open_answer(problem, answer) is not None else f"no number: {answer[:40]!r}"


def _open_answer(problem: TaskProblem, answer: str) -> str | None:
    """An open answer as it is compared: its words, or the number that it ends in."""
    return " ".join(answer.split()) if problem.is_text else final_number(answer)
