"""What is checked of a completion, beside its problem: a program with tests, or the value of a literal."""

from dataclasses import dataclass

from pipeline.tasks.sandbox.outcome import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCheck:
    """Run `before`, the completion's code and `after` as one program; the answer is right if it reaches its end."""

    before: str  # what the model was asked to go on with; empty where it writes the whole program
    after: str  # tests
    stops: tuple[str, ...]  # where a completion that is not a marked block of code ends
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralCheck:
    """Compare the literal behind `==` with the problem's answer, by value."""

    call: str  # the call whose value is asked for: an answer that holds it says nothing


Check = ProgramCheck | LiteralCheck
