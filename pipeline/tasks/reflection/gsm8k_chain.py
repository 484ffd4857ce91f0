"""A GSM8K solution read as a chain of calculations, by its calculator marks (`48/2 = <<48/2=24>>24`).

One mark a line, its formula written out before it and its result after it. A number that equals an earlier result
is taken for that result, in formulas and in the words around them; where the question gives the same number, that
would be a guess, and the solution is left out. What cannot be read so is left out too: None, never a mistake.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from pipeline.tasks.gsm8k import last_number
from pipeline.tasks.reflection.chain import OPERATORS, Chain, Formula, Line, Piece, Term, run, write_number

_MARK = re.compile(r"<<([^<>=]*)=(\d+(?:\.\d+)?|\.\d+)>>")
_FORMS = {"*": "[*x×]", "+": r"\+", "-": "[-−–]", "/": "[/÷]", "(": r"\(", ")": r"\)"}
_GAP = r"[\s$]*"
_AMBIGUOUS = -1
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|(?<![\w.])\.\d+")
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|[-+*/()])")


def gsm8k_chain(question: str, answer: str) -> Chain | None:
    """The solution as a chain whose results are those of its marks; None where it cannot be read as one."""
    body, _, final = answer.rpartition("####")
    given = {_value(number) for number in _NUMBER.findall(question)}
    results: list[Fraction] = []
    lines: list[Line] = []
    for text in body.strip().splitlines():
        read = _line(text.strip(), results, given)
        if read is None:
            return None
        line, result = read
        lines.append(line)
        results.append(result)
    chain = Chain(lines=tuple(lines), separator="\n")
    is_whole = bool(results) and write_number(results[-1]) == last_number(final)
    return chain if is_whole and run(chain) == results else None


def _line(text: str, results: Sequence[Fraction], given: set[Fraction]) -> tuple[Line, Fraction] | None:
    """One line and its result."""
    marks = list(_MARK.finditer(text))
    if len(marks) != 1:
        return None
    (mark,) = marks
    tokens = _TOKEN.findall(mark[1])
    written, rest = _written(tokens, text[: mark.start()]), text[mark.end() :]
    shown = _NUMBER.match(rest)
    if written is None or shown is None or _value(shown[0]) != _value(mark[2]):
        return None
    result = _value(shown[0])
    formula = _formula(mark[1], tokens, results, given)
    before = _pieces(text[: written.start()], results, given)
    after = _pieces(rest[shown.end() :], [*results, result], given)
    if formula is None or before is None or after is None:
        return None
    return Line(before=before, formula=formula, equals=f" = {written[1]}", after=after), result


def _written(tokens: Sequence[str], before: str) -> re.Match[str] | None:
    """Where a mark's formula is written out, with an equals sign (and a dollar: group 1), at the end of a text."""
    forms = [_FORMS.get(token, ",?".join(re.escape(digit) for digit in token)) for token in tokens]
    return re.search(rf"(?<![\w.,])\$?{_GAP.join(forms)}{_GAP}=\s*(\$?)\s*$", before)


def _formula(text: str, tokens: Sequence[str], results: Sequence[Fraction], given: set[Fraction]) -> Formula | None:
    """Terms, operators and parentheses; at least one operator."""
    if "".join(tokens) != "".join(text.split()) or not set(tokens) & set(OPERATORS):
        return None
    formula: list[Term | str] = []
    for token in tokens:
        source = _source(_value(token), results, given) if token[-1].isdigit() else None
        if source == _AMBIGUOUS:
            return None
        formula.append(Term(_value(token), source) if token[-1].isdigit() else token)
    return tuple(formula) if _alternates(formula) else None


def _alternates(formula: Sequence[Term | str]) -> bool:
    """Whether numbers and operators take turns and parentheses close: no sign stands for itself."""
    depth = 0
    for part in formula:
        depth += (part == "(") - (part == ")")
        if depth < 0:
            return False
    flat = [token for token in formula if token not in ("(", ")")]
    return depth == 0 and all(isinstance(token, Term) == (place % 2 == 0) for place, token in enumerate(flat))


def _pieces(text: str, results: Sequence[Fraction], given: set[Fraction]) -> tuple[Piece, ...] | None:
    """Words, with the numbers in them that are earlier results as such; None where that is a guess."""
    pieces: list[Piece] = []
    end = 0
    for match in _NUMBER.finditer(text):
        source = _source(_value(match[0]), results, given)
        if source == _AMBIGUOUS:
            return None
        if source is not None:
            pieces += [text[end : match.start()], source]
            end = match.end()
    return (*pieces, text[end:])


def _source(value: Fraction, results: Sequence[Fraction], given: set[Fraction]) -> int | None:
    """The last step that gave a value; None: no step did; _AMBIGUOUS: the question gives it as well."""
    if value not in results:
        return None
    return _AMBIGUOUS if value in given else max(i for i, result in enumerate(results) if result == value)


def _value(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))
