"""The code, or the literal, that a completion answers with - by the rules of those who publish the benchmarks.

A completion's thought is not its answer. A marked block (```) is the code if there is one, as in the
harness's `mbpp_instruct`; a lone mark ends what stands before it, as in its `humaneval_instruct`. Unmarked
code goes to the first of the benchmark's stop sequences (`humaneval`, `mbpp`), or to the completion's end.
No end mark is asked for: these rules say where an answer stops.
"""

import re

from pipeline.core.chat import END, THINK, UNTHINK
from pipeline.tasks.code.check import LiteralCheck, ProgramCheck

_BLOCK = re.compile(r"```(?:\w+)?\n?(.*?)\n?```", re.DOTALL)
_OPEN_BLOCK = re.compile(r"```python\n(.*)", re.DOTALL)  # one that a completion never closed
_FENCE = "```"


def extract_code(check: ProgramCheck, completion: str) -> str | None:
    """The code of a completion; None where there is none."""
    text = _spoken(completion)
    if text is None:
        return None
    block = _BLOCK.search(text) or _OPEN_BLOCK.search(text)
    code = block.group(1) if block else _until(text, (*check.stops, _FENCE))
    return code if code.strip() else None


def program(check: ProgramCheck, code: str) -> str:
    """The whole program: a block that defines the function anew stands behind the prompt's own, and replaces it."""
    joint = "" if not check.before or code[:1].isspace() else "\n"
    return f"{check.before}{joint}{code}\n{check.after}"


def extract_literal(check: LiteralCheck, completion: str) -> str | None:
    """What CRUXEval's own evaluation takes for the answer; None where that repeats the question."""
    text = _spoken(completion)
    if text is None:
        return None
    text = _until(text, ("[/ANSWER]",))
    if "[ANSWER]" in text:
        text = text.split("[ANSWER]")[1]
    if "==" in text:
        text = text.split("==")[1]
    text = text.strip()
    return text if text and check.call not in text else None


def _spoken(completion: str) -> str | None:
    """What was said after thinking, up to the end mark; None where the thought was never closed."""
    body = completion.partition(END)[0]
    if not body.lstrip().startswith(THINK):
        return body
    _, closed, answer = body.partition(UNTHINK)
    return answer if closed else None


def _until(text: str, stops: tuple[str, ...]) -> str:
    """Text before whichever stop comes first."""
    return text[: min((place for stop in stops if (place := text.find(stop)) >= 0), default=len(text))]
