"""Scores of code answers: run in the sandbox, or - for a literal - compared by value."""

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence

from pipeline.tasks.code.check import LiteralCheck, ProgramCheck
from pipeline.tasks.code.extract import extract_code, extract_literal, program
from pipeline.tasks.sandbox.outcome import Limits, Outcome
from pipeline.tasks.sandbox.run import run_all
from pipeline.tasks.score import Score

_MAX_LITERAL = 10_000  # characters; CRUXEval's longest answer has below 1,000


def score_programs(
    asked: Sequence[tuple[ProgramCheck, str]], advance: Callable[[int], object], *, workers: int | None = None
) -> list[Score]:
    """Score completions by running them, several beside one another; in order.

    advance: told how many more are scored. Raises UserError where programs cannot be isolated.
    """
    codes = [extract_code(check, text) for check, text in asked]
    advance(codes.count(None))
    outcomes: list[Outcome | None] = [None] * len(codes)
    for limits, places in _by_limits(asked, codes).items():
        programs = [program(asked[i][0], codes[i] or "") for i in places]
        for i, outcome in zip(places, run_all(programs, limits, advance, workers=workers), strict=True):
            outcomes[i] = outcome
    return [_score(code, outcome) for code, outcome in zip(codes, outcomes, strict=True)]


def _by_limits(asked: Sequence[tuple[ProgramCheck, str]], codes: Sequence[str | None]) -> Mapping[Limits, list[int]]:
    places: dict[Limits, list[int]] = {}
    for i, (check, _) in enumerate(asked):
        if codes[i] is not None:
            places.setdefault(check.limits, []).append(i)
    return places


def _score(code: str | None, outcome: Outcome | None) -> Score:
    """Well-formed is what compiles, tests and all."""
    if code is None or outcome is None:
        return Score(answer=None, correct=False, well_formed=False, error="no code")
    return Score(
        answer=code if outcome.compiled else None,
        correct=outcome.passed,
        well_formed=outcome.compiled,
        error=None if outcome.passed else f"{outcome.kind}: {outcome.detail}",
        outcome=outcome.kind,
        tried=outcome.tried,
    )


def score_literal(check: LiteralCheck, gold: str, completion: str) -> Score:
    """Score the answer of an output prediction.

    The benchmark itself executes `assert output == answer`; the answer is untrusted, so here it must be the
    literal that its prompt asks for, and is compared as Python compares values.
    """
    text = extract_literal(check, completion)
    if text is None:
        return Score(answer=None, correct=False, well_formed=False, error="no answer")
    try:
        value = _value(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        return Score(answer=None, correct=False, well_formed=False, error=f"no literal: {text[:40]!r} ({error})"[:200])
    return Score(answer=text, correct=value == _value(gold), well_formed=True)


def _value(text: str) -> object:
    """A literal's value. Raises what `ast.literal_eval` lists, for anything else."""
    if len(text) > _MAX_LITERAL:
        raise ValueError(f"{len(text)} characters")
    with warnings.catch_warnings(action="ignore"):
        return ast.literal_eval(text)
