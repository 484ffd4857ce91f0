"""A written chain of calculations as a program: formulas whose terms may be results of earlier steps.

A chain can be run again with one of its formulas changed, and everything behind that formula follows. That is
what makes an adversarial trace exact: one step is edited, and the steps after it are what honest work makes of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Operator = Literal["+", "-", "*", "/"]
OPERATORS: tuple[Operator, ...] = ("+", "-", "*", "/")


@dataclass(frozen=True, slots=True)
class Term:
    """A number in a formula: given by the question, or the result of an earlier step."""

    value: Fraction  # not looked at where it has a source
    source: int | None = None  # index of the step


Token = Term | str  # a term, an operator or a parenthesis
Formula = tuple[Token, ...]
Piece = str | int  # text, or the result of the step with this index


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One written step: `before`, the formula, `equals`, its result, `after`."""

    before: tuple[Piece, ...]
    formula: Formula
    equals: str
    after: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Steps in order. Its answer is the last step's result."""

    lines: tuple[Line, ...]
    separator: str  # stands between two steps
    modulus: int = 0  # results are taken modulo this; 0: they are not


def run(chain: Chain, edits: Mapping[int, Formula] | None = None) -> list[Fraction] | None:
    """Every step's result, with the edited formulas in place of the chain's; None where one divides by zero."""
    results: list[Fraction] = []
    for index, line in enumerate(chain.lines):
        formula = (edits or {}).get(index, line.formula)
        values = [_value(token, results) if isinstance(token, Term) else token for token in formula]
        try:
            result = _sum(values)
        except ZeroDivisionError:
            return None
        assert not values, f"{formula} goes on behind its end"
        results.append(result % chain.modulus if chain.modulus else result)
    return results


def write(chain: Chain, results: Sequence[Fraction], edits: Mapping[int, Formula] | None = None) -> str | None:
    """The chain as text, with these results; None where a number cannot be written (see `write_number`)."""
    texts: list[str] = []
    for index, line in enumerate(chain.lines):
        formula = (edits or {}).get(index, line.formula)
        body = [_written(token, results) for token in formula]
        parts = [*_pieces(line.before, results), " ".join(part or "" for part in body), line.equals]
        numbers = [write_number(results[index]), *_pieces(line.after, results)]
        if None in (*body, *parts, *numbers):
            return None
        texts.append("".join(part or "" for part in (*parts, *numbers)))
    return chain.separator.join(texts)


def write_number(value: Fraction) -> str | None:
    """A number as a person writes it; None for what gives an error away: below zero, or beyond two decimals."""
    cents = value * 100
    if value < 0 or cents.denominator != 1:
        return None
    whole, rest = divmod(int(cents), 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)


def _value(term: Term, results: Sequence[Fraction]) -> Fraction:
    return term.value if term.source is None else results[term.source]


def _written(token: Token, results: Sequence[Fraction]) -> str | None:
    if isinstance(token, str):
        return token
    return write_number(_value(token, results))


def _pieces(pieces: Sequence[Piece], results: Sequence[Fraction]) -> list[str | None]:
    return [piece if isinstance(piece, str) else write_number(results[piece]) for piece in pieces]


def _sum(tokens: list[Fraction | str]) -> Fraction:
    """Reads a sum off the front of the tokens, which it empties as it goes."""
    total = _product(tokens)
    while tokens and tokens[0] in ("+", "-"):
        sign = tokens.pop(0)
        other = _product(tokens)
        total = total + other if sign == "+" else total - other
    return total


def _product(tokens: list[Fraction | str]) -> Fraction:
    total = _factor(tokens)
    while tokens and tokens[0] in ("*", "/"):
        sign = tokens.pop(0)
        other = _factor(tokens)
        total = total * other if sign == "*" else total / other
    return total


def _factor(tokens: list[Fraction | str]) -> Fraction:
    front = tokens.pop(0)
    if not isinstance(front, str):
        return front
    assert front == "(", f"{front!r} where a number should stand"
    inner = _sum(tokens)
    closing = tokens.pop(0)
    assert closing == ")", f"{closing!r} where a parenthesis should close"
    return inner
