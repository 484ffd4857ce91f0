"""Sums in a trace, checked line by line: `48/2 = 24`, `$5 * 3 = $15`, `10% of 50 = 5`, `2 x (3 + 4) = 14`.

Calculator marks are read and then left out, so that `48/2 = <<48/2=24>>24` is one sum. A line with no sum is unchecked,
not right; what the numbers stand for is not seen, nor whether the sum was the one to do. A result may be rounded:
it is right within half a unit of its last written digit, and where it has no decimals, if it is the whole part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pipeline.curate.terms import value_of

_MARK = re.compile(r"<<[^<>]*>>")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<sign>[-+*/()=×÷·−–%]|(?<=[\d)\s])x(?=\s*[\d(.$])|\bof\b)|(?P<skip>[\s$€£]+)",
    re.IGNORECASE,
)
_SIGNS = {"×": "*", "x": "*", "·": "*", "of": "*", "÷": "/", "−": "-", "–": "-"}
_BINARY = ("+", "-", "*", "/")
_UNREAD = "^:\\_"
_CUT = ""
_MOST_TOKENS = 60


@dataclass(frozen=True, slots=True)
class SumCheck:
    """Of one trace: its lines with a sum, how many of them are right, and the first that is wrong."""

    num_lines: int
    num_right: int
    first_wrong: str

    @property
    def is_checked(self) -> bool:
        """Whether there was anything to check."""
        return self.num_lines > 0

    @property
    def is_right(self) -> bool:
        """Whether all sums are right, of which there is at least one."""
        return 0 < self.num_lines == self.num_right


def check_sums(trace: str) -> SumCheck:
    """Check every line of a trace that holds a sum."""
    num_lines = num_right = 0
    first_wrong = ""
    for line in trace.splitlines():
        verdicts = list(sums_of(line)) if "=" in line else []
        if not verdicts:
            continue
        num_lines += 1
        num_right += all(verdicts)
        first_wrong = first_wrong or ("" if all(verdicts) else line.strip())
    return SumCheck(num_lines, num_right, first_wrong)


def sums_of(line: str) -> Iterator[bool]:
    """Whether each sum of a line is right; both sides are numbers or terms of them, and at least one is a term."""
    for run in _runs(_MARK.sub("", line)):
        sides = _sides(run)
        for left, right in pairwise(sides):
            if len(left) + len(right) > 2:
                verdicts = [_judged(left, right), _judged(*(_without_percent(side) for side in (left, right)))]
                if None not in verdicts:
                    yield any(verdicts)


def _runs(line: str) -> Iterator[list[str]]:
    """Stretches of numbers and signs with an equals sign in them, between words.

    A side that a word cuts off is left out: `5 apples - 2 = 3`, `2x - 3 = 7`, `1/5y`.
    """
    run: list[str] = []
    end = 0
    for found in _TOKEN.finditer(line):
        if between := line[end : found.start()].strip():
            yield from _whole(run, is_cut=_is_joined(line, end))
            run = [_CUT] if between[-1].isalpha() or between[-1] in _UNREAD else []
        end = found.end()
        if not found["skip"]:
            run.append(_SIGNS.get(found[0].lower(), found[0]))
    yield from _whole(run, is_cut=_is_joined(line, end))


def _is_joined(line: str, end: int) -> bool:
    """Whether a letter stands right behind a number: `5y`."""
    return 0 < end < len(line) and not line[end - 1].isspace() and (line[end].isalpha() or line[end] in _UNREAD)


def _whole(run: list[str], *, is_cut: bool) -> Iterator[list[str]]:
    """The run without sides that are cut off, if an equals sign is left in it."""
    if run and run[0] == _CUT:
        is_begun = len(run) > 1 and run[1] in _BINARY
        run = run[run.index("=") + 1 :] if is_begun and "=" in run else [] if is_begun else run[1:]
    if run and (is_cut or run[-1] in _BINARY) and "=" in run:
        run = run[: len(run) - 1 - run[::-1].index("=")]
    if "=" in run and len(run) <= _MOST_TOKENS:
        yield run


def _judged(left: list[str], right: list[str]) -> bool | None:
    """Whether two sides are worth the same; None where one is no term."""
    values = value_of(left), value_of(right)
    return None if values[0] is None or values[1] is None else _is_same(values[0], left, values[1], right)


def _without_percent(side: list[str]) -> list[str]:
    """`100 - 50 = 50%`: the sign is a unit there, and a hundredth in `20/100 = 20%`."""
    return [each for each in side if each != "%"]


def _sides(run: list[str]) -> list[list[str]]:
    sides: list[list[str]] = [[]]
    for each in run:
        if each == "=":
            sides.append([])
        else:
            sides[-1].append(each)
    return sides


def _is_same(left: Fraction, left_tokens: list[str], right: Fraction, right_tokens: list[str]) -> bool:
    if left == right or abs(left - right) <= max(_half_unit(left_tokens), _half_unit(right_tokens)):
        return True
    return right.denominator == 1 and len(right_tokens) == 1 and int(left) == right


def _half_unit(tokens: list[str]) -> Fraction:
    """Half a unit of the last digit of a number that stands alone and has decimals; else nothing."""
    if len(tokens) != 1 or "." not in tokens[0]:
        return Fraction(0)
    return Fraction(1, 2 * 10 ** len(tokens[0].rpartition(".")[2]))
