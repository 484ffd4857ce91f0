"""The world's true steps read as a chain of calculations, for the families that calculate.

Each of their steps is `... : left sign right = result`, modulo 10, in digits. `left` is what the step before gave, or a
start in the question; only a program has two running numbers, and the line that its step quotes says which is meant.
"""

import re
from fractions import Fraction

from pipeline.tasks.problem import Problem
from pipeline.tasks.reflection.chain import Chain, Line, Term, run, write
from pipeline.tasks.world.lexicon import DIGITS
from pipeline.tasks.world.trace import SEPARATOR

CALCULATING = ("chains", "story", "compare", "program", "units")  # compare is held out of training
_START = re.compile(r"(?<!\S)([u-z]) (?:=|is|:) ([0-9])(?= ;)")


def world_chain(problem: Problem) -> Chain:
    """The problem's steps as a chain that gives back their text word for word.

    problem: of one of the families of CALCULATING.
    """
    assert problem.family in CALCULATING, f"{problem.family} does not calculate"
    holds = {name: Term(Fraction(int(digit))) for name, digit in _START.findall(problem.prompt)}
    lines: list[Line] = []
    for index, step in enumerate(problem.steps):
        head, _, calculation = step.text.rpartition(" : ")
        left, sign, right, *equals, result = calculation.split()
        first, second = _literal(left), _literal(right)
        if problem.family == "program":
            target, _, *operands = head.split()[-5:]
            first, second = (holds.get(word) or _literal(word) for word in (operands[0], operands[2]))
            holds[target] = Term(Fraction(int(result)), source=index)
        elif index:
            first = Term(first.value, source=index - 1)
        lines.append(Line(before=(f"{head} : ",), formula=(first, sign, second), equals=f" {' '.join(equals)} "))
    chain = Chain(lines=tuple(lines), separator=SEPARATOR, modulus=len(DIGITS))
    assert _rewritten(chain) == SEPARATOR.join(step.text for step in problem.steps), f"{problem.prompt} is misread"
    return chain


def _literal(digit: str) -> Term:
    return Term(Fraction(int(digit)))


def _rewritten(chain: Chain) -> str | None:
    results = run(chain)
    return None if results is None else write(chain, results)
