"""Explicit reflection by rule: whether a continuation acknowledges or addresses an error in what stands before it.

The paper (arXiv 2504.04022, section 3.1) asks a large language model; these rules are calibrated on its 360 gold
labels (`benchmarks/reflection_classifier.py`; docs/eval.md has the numbers). They see the continuation, and in
the world also the trace before it, but neither the gold answer nor whether the answer is right.
"""

import re

from pipeline.core.chat import UNTHINK
from pipeline.tasks.world.check import split_steps

READ_CHARACTERS = 400  # a model that reflects does so at once; later it drifts into other texts

_CUES = (
    r"\b(?:wrong|incorrect|incomplete|mistaken?s?|error|oops|confus\w+|forgot(?:ten)?)\b",
    r"\bmis(?:read|under\w+|interpret\w*)\b",
    r"\bnot (?:the )?(?:right|correct|true|possible|valid|equal|same|answer|divisible)\b",
    r"\bnot (?:the )?an? (?:integer|whole|valid|option)\b",
    r"\b(?:can't|cannot|can not|couldn't) (?:be|have)\b",
    r"\b(?:doesn't|does not|don't|didn't) (?:make sense|add up|match)\b",
    r"\b(?:check|review|redo|reconsider|re-?(?:check|compute|calculate|read)) (?:\w+ )?(?:our|my|work|question|step)",
    r"\b(?:try|read|look|think|check)\b.{0,14}\bagain\b",
    r"\bwhat(?:'s| is| went| did (?:we|i))\b.{0,20}\b(?:going on|wrong)\b|\bwhat happened\b",
    r"\bi (?:thought|guess i|must have|should have|made)\b",
    r"\bshould (?:be|have|return|not|only|also)\b|\bsupposed to\b|\binstead\b",
    r"\bwhy (?:is|are|do|does|did)\b|\bhow (?:is|are|did|does) (?:this|that|it|we|i|the)\b",
    r"\b(?:is|are|was) not (?:in|the|what|an?(?! (?:lot|big)\b))\b|!=",
    r"\bround (?:it|up|down|to)\b",
)
_CUE = re.compile("|".join(_CUES))

WORLD_CUES = frozenset(("but", "not"))  # the world's words that contradict; no true step holds one


def is_explicit_text(continuation: str) -> bool:
    """Whether English text reflects. Surprise at a number or its size alone does not count, as in the paper."""
    text = continuation[:READ_CHARACTERS].replace("’", "'").lower()
    return _CUE.search(text) is not None


def is_explicit_world(shown: str, continuation: str) -> bool:
    """Whether a continuation in the world's words reflects on a trace: it contradicts, or says a step anew.

    A step is said anew if it begins as one of the shown steps does - with its label, or the name that it defines.
    Those of the calculating families begin so, each with a word of its own.
    """
    thought = continuation.partition(UNTHINK)[0]
    heads = {step.split()[0] for step in split_steps(shown)}
    if WORLD_CUES & set(thought.split()):
        return True
    return any(step.split()[0] in heads for step in split_steps(thought))
