"""A problem of the world: question, true steps, answer, and the structure that decides its split."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One true reasoning step. `text` and `terse` end in `result`, so that a wrong one can be put there."""

    text: str  # verbose: operands repeated, "c = a + 3 = 5"
    terse: str  # result only: "c = 5"
    result: str  # the word the step establishes
    alternatives: tuple[str, ...]  # words of the same kind that `result` could wrongly be; never holds `result`


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A question with its whole truth. All text is words of the lexicon, separated by single spaces."""

    family: str
    domain: str
    template: int  # surface template, 0 ..
    depth: int  # number of reasoning steps that the answer needs
    prompt: str
    steps: tuple[Step, ...]  # in an order in which each follows from the question and the steps before it
    answer: str  # one word
    choices: tuple[str, ...]  # words the answer could be: chance is 1 / len
    structure: str  # canonical text of the dependency graph, names and numbers removed
