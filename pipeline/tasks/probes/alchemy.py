"""Letters under transformations, after DataAlchemy (arXiv 2508.01191, section 4), in the world's words.

An element is a row of letters. `rotate` moves each letter half-way round the alphabet, `shift` moves the first
letter to the end, `reverse` turns the row round. The first two commute, so that of them alone a right answer can
follow from a wrong chain; `reverse` commutes with `rotate` but not with `shift`. A chain of thought names each
transformation with the element that it gives; the last one is the answer.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from pipeline.tasks.world.lexicon import LETTERS

Transformation = Literal["rotate", "shift", "reverse"]
TRANSFORMATIONS: tuple[Transformation, ...] = get_args(Transformation)
Composition = tuple[Transformation, ...]  # in the order in which they are applied
Element = tuple[str, ...]

WORDS: dict[Transformation, str] = {"rotate": "turn", "shift": "steps", "reverse": "swap"}  # the nearest of the world's
_TURNED = dict(zip(LETTERS, (*LETTERS[len(LETTERS) // 2 :], *LETTERS[: len(LETTERS) // 2]), strict=True))


def apply(transformation: Transformation, element: Element) -> Element:
    """The element under one transformation."""
    if transformation == "rotate":
        return tuple(_TURNED[letter] for letter in element)
    return element[::-1] if transformation == "reverse" else (*element[1:], *element[:1])


def elements(composition: Composition, element: Element) -> list[Element]:
    """What each transformation of the composition gives, in order."""
    found: list[Element] = []
    for transformation in composition:
        element = apply(transformation, element)
        found.append(element)
    return found


def write_prompt(composition: Composition, element: Sequence[str]) -> str:
    """The question: `a b c d ; turn , steps`."""
    return f"{' '.join(element)} ; {' , '.join(WORDS[each] for each in composition)}"


def write_chain(composition: Composition, element: Element) -> str:
    """The chain of thought: `turn : n p q r . steps : p q r n`."""
    found = zip(composition, elements(composition, element), strict=True)
    return " . ".join(f"{WORDS[each]} : {' '.join(after)}" for each, after in found)


def write_answer(composition: Composition, element: Element) -> str:
    """The last element of the chain."""
    return " ".join(elements(composition, element)[-1])
