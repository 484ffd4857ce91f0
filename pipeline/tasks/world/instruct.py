"""Instructions: a look-up question with a word on the form of its answer, which a program can check.

The counterpart of the paper's IFEval, and like it apart from skill: `form_of` says whether a completion follows the
instruction, whatever it answers.
"""

import re
from random import Random

from pipeline.tasks.problem import Problem
from pipeline.tasks.world.lookup import lookup_problem
from pipeline.tasks.world.split import Split, split_of

INSTRUCT, DOMAIN = "instruct", "format"
_ADDED = ("so", "then", "now", "again", "here")
_FORMS = (
    ("repeat it", "{0} {0}", r"(\S+) \1"),
    ("first {1}", "{1} {0}", r"{1} \S+"),
    ("last {1}", "{0} {1}", r"\S+ {1}"),
    ("{1} first and {1} last", "{1} {0} {1}", r"{1} \S+ {1}"),
)  # instruction, answer, what follows it; {0} the answer, {1} the word to add
NUM_FORMS = len(_FORMS)


def instruct_problem(rng: Random) -> Problem:
    """A look-up question whose answer is to be said twice, or with a word before it, behind it or on both sides."""
    problem = lookup_problem(rng)
    form = int(rng.random() * NUM_FORMS)
    instruction, answer, _ = _FORMS[form]
    word = _ADDED[int(rng.random() * len(_ADDED))]
    prompt = f"{problem.prompt} {instruction.format('', word)}"
    return Problem(
        family=INSTRUCT,
        domain=DOMAIN,
        template=form,
        depth=0,
        prompt=prompt,
        steps=(),
        answer=answer.format(problem.answer, word),
        choices=(),
        structure=f"{INSTRUCT} {prompt}",
    )


def instruct_in_split(rng: Random, split: Split) -> Problem:
    """A question of the split: drawn until one is."""
    while True:
        problem = instruct_problem(rng)
        if split_of(problem.structure) == split:
            return problem


def form_of(problem: Problem) -> str:
    """The regular expression that an answer in the asked form matches whole, whatever it answers."""
    _, _, pattern = _FORMS[problem.template]
    return pattern.replace("{1}", re.escape(problem.prompt.split(" ")[-2 if problem.template == 3 else -1]))
