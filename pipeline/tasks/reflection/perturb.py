"""The seven perturbations of "Rethinking Reflection in Pre-Training" (arXiv 2504.04022, section 3.2), by program.

There a language model rewrites a program of the solution; here the formulas themselves are edited, so exactly one
step is false and all others follow from it. The edits are those of the paper's prompts: the first number of the
question times a factor (begin); in the first (middle) or the last (end) operation another operator (arithmetic),
a calculation too many (extraneous), or its last part left out (omission).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Literal, get_args

from pipeline.tasks.gsm8k import last_number
from pipeline.tasks.reflection.chain import OPERATORS, Chain, Formula, Term, run, write, write_number

Perturbation = Literal[
    "begin_factor",
    "middle_arithmetic",
    "middle_extraneous",
    "middle_omission",
    "end_arithmetic",
    "end_extraneous",
    "end_omission",
]
PERTURBATIONS: tuple[Perturbation, ...] = get_args(Perturbation)
FACTOR = 2
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_OTHER = {"+": "-", "-": "+", "*": "+", "/": "*"}
_Edit = Callable[[Formula, Chain, Random], Formula | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """A chain of thought with one edited step, and where it leads."""

    text: str
    answer: str
    position: int  # index of the edited step
    edited: Formula


def perturb(chain: Chain, kind: Perturbation, gold: str, rng: Random) -> Adversary | None:
    """The chain with one edited step; None where the edit does not apply, changes no answer, or gives the gold away.

    Two steps are the least that `middle` and `end` can be told apart in. The gold answer appears nowhere in the
    text: not as a result, and not as an operand either.
    """
    if len(chain.lines) < 2:
        return None
    position = len(chain.lines) - 1 if kind.startswith("end") else 0
    edited = _EDITS[kind.partition("_")[2]](chain.lines[position].formula, chain, rng)
    if edited is None:
        return None
    results = run(chain, {position: edited})
    text = None if results is None else write(chain, results, {position: edited})
    if results is None or text is None:
        return None
    answer = write_number(results[-1])
    if answer is None or answer == gold or leaks(text, gold):
        return None
    return Adversary(text=text, answer=answer, position=position, edited=edited)


def leaks(text: str, gold: str) -> bool:
    """Whether a gold answer - a word, or a number in normal form - stands anywhere in a text."""
    return gold in text.split() or any(last_number(number) == gold for number in _NUMBER.findall(text))


def _times_factor(formula: Formula, chain: Chain, _: Random) -> Formula | None:
    """The first number that the question gives, times FACTOR; only this use of it is wrong."""
    for place, token in enumerate(formula):
        if isinstance(token, Term) and token.source is None:
            value = token.value * FACTOR
            value = value % chain.modulus if chain.modulus else value
            return None if value == token.value else (*formula[:place], Term(value), *formula[place + 1 :])
    return None


def _other_operator(formula: Formula, _: Chain, __: Random) -> Formula | None:
    """Another operator in place of the formula's first."""
    for place, token in enumerate(formula):
        if token in OPERATORS:
            return (*formula[:place], _OTHER[str(token)], *formula[place + 1 :])
    return None


def _one_too_many(formula: Formula, chain: Chain, rng: Random) -> Formula | None:
    """A further calculation at the formula's end: plus 1 to 9 in the world, times 2 or 3 elsewhere."""
    if chain.modulus:
        return (*formula, "+", Term(Fraction(rng.randrange(1, chain.modulus))))
    return (*formula, "*", Term(Fraction(rng.choice((2, 3)))))


def _one_too_few(formula: Formula, _: Chain, __: Random) -> Formula | None:
    """Without its last operator and what follows it; formulas with parentheses are left alone."""
    return formula[:-2] if len(formula) > 2 and "(" not in formula else None


_EDITS: dict[str, _Edit] = {
    "factor": _times_factor,
    "arithmetic": _other_operator,
    "extraneous": _one_too_many,
    "omission": _one_too_few,
}
