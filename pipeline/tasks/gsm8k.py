"""GSM8K (Cobbe et al. 2021, arXiv:2110.14168): its rows, its solutions, and what counts as the same number.

Reads JSONL rows with `question` and `answer`; an answer is a worked solution with calculator marks
(`48/2 = <<48/2=24>>24`) and a last line `#### 24`. The same reading serves training text and eval.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from pipeline.core.errors import UserError

_CALCULATOR = re.compile(r"<<[^<>]*>>")
# A sign belongs to a number only where no word or number stands before it: "10-3" ends in 3.
_NUMBER = re.compile(r"(?<![\w.])([-−]?)[$€£]?((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)|((?:\d+)(?:\.\d+)?)")

_MARKED = re.compile(r"####(.*)")
_FRACTION = re.compile(r"\\[dt]?frac\s*(\{[^{}]+\}|\d)\s*(\{[^{}]+\}|\d)")
_BESIDE = re.compile(r"\\(?:text|mathrm|mbox)\s*\{[^{}]*\}|[\^_](?:\{[^{}]*\}|\w)")  # units, powers, indices
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_BOX = "\\boxed{"
_SEPARATOR = re.compile(r"(?<=\d)[٬，٫．](?=\d)")  # of thousands: Arabic, full-width; of decimals: likewise
_LATEX_SPACE = re.compile(r"\\[,!;:]")  # stands between digits as a thousands comma does: 1\,050


def split_solution(answer: str) -> tuple[str, str]:
    """The worked solution without calculator marks, and the final answer in its normal form.

    Raises UserError where the `####` line or its number is missing.
    """
    solution, mark, final = answer.rpartition("####")
    number = last_number(final)
    if not mark or number is None:
        raise UserError(f"gsm8k answer {answer[-40:]!r} has no '#### <number>' line; check the file's `answer` column")
    return _CALCULATOR.sub("", solution).strip(), number


def last_number(text: str) -> str | None:
    """The last number that a text holds, in its normal form; None where there is none."""
    last = None
    for match in _NUMBER.finditer(_plain(text)):
        last = match
    if last is None:
        return None
    return _normal_form(last.group(1) or "", last.group(2) or last.group(3))


def final_number(text: str) -> str | None:
    r"""The number that a solution ends in, in its normal form; None where it has none.

    Behind the first `####` that a number follows, as in GSM8K and the harness's strict filter; else in the last
    `\boxed{}` with a number; else the last number of all, as in the harness's flexible filter.
    """
    for marked in _MARKED.finditer(text):
        number = _first_number(marked.group(1))
        if number is not None:
            return number
    boxed = next((number for number in map(_value, _boxes(text)) if number is not None), None)
    return boxed if boxed is not None else last_number(text)


def _boxes(text: str) -> Iterator[str]:
    """What stands in each box, the last box first; a box that is never closed goes to the end."""
    stop = len(text)
    while (start := text.rfind(_BOX, 0, stop)) >= 0:
        yield _closed(text[start + len(_BOX) : stop])
        stop = start


def _closed(text: str) -> str:
    """Text up to the brace that closes one opened before it."""
    depth = 1
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[:place]
    return text


def _value(boxed: str) -> str | None:
    """The last number of a box; a fraction counts as its quotient."""
    fractions = list(_FRACTION.finditer(boxed))
    if not fractions:
        return last_number(_BESIDE.sub(" ", boxed)) or last_number(boxed)
    over, under = (last_number(part) for part in fractions[-1].groups())
    if over is None or under is None or float(under) == 0:
        return None
    sign = "-" if boxed[: fractions[-1].start()].rstrip().endswith(("-", "−")) else ""
    return last_number(f"{sign}{Decimal(over) / Decimal(under):f}")


def _first_number(text: str) -> str | None:
    """Every comma between digits is dropped, as the published graders do."""
    match = _NUMBER.search(_COMMA.sub("", _plain(text)))
    return None if match is None else _normal_form(match.group(1) or "", match.group(2) or match.group(3))


def read_rows(path: Path) -> Iterator[tuple[str, str]]:
    """Question and answer of each row, in the file's order.

    Raises UserError for a missing file and for a line without the two fields.
    """
    if not path.is_file():
        raise UserError(f"gsm8k file {path} does not exist; put it below data_root or change the suite's `path`")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _row(line, f"{path}:{number}")


def _plain(text: str) -> str:
    """Without what LaTeX puts between the digits of a number, and before a sum of money; other scripts' separators
    as ASCII's.
    """
    text = _SEPARATOR.sub(lambda found: "," if found[0] in "٬，" else ".", text)
    return _LATEX_SPACE.sub("", text.replace("{,}", ",")).replace("\\$", "$")


def _row(line: str, where: str) -> tuple[str, str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where} is no JSON ({error}); expected one row with `question` and `answer`") from error
    if not isinstance(row, dict) or not all(isinstance(row.get(field), str) for field in ("question", "answer")):
        raise UserError(f"{where} lacks the text fields `question` and `answer`; is this GSM8K?")
    return row["question"].strip(), row["answer"]


def _normal_form(sign: str, digits: str) -> str:
    """ASCII digits, no thousands commas, no needless zeros: `−1,050.00` is `-1050`."""
    ascii_digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in digits if c != ",")
    whole, _, fraction = ascii_digits.partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    number = f"{whole}.{fraction}" if fraction else whole
    return f"-{number}" if sign and number != "0" else number
