"""Distractors: statements in front of a question that have nothing to do with it, such as `monday is warm`.

They come beside the decoys that every family has of itself. No family says a day, so that they can be counted again.
"""

from random import Random

from pipeline.tasks.world.family import draw
from pipeline.tasks.world.lexicon import ADJECTIVES, DAYS

MOST_DISTRACTORS = 4
WORDS_EACH = 4  # with its semicolon


def distracted(prompt: str, count: int, rng: Random) -> str:
    """The prompt behind `count` statements about different days."""
    uniform = rng.random
    said = [f"{day} is {ADJECTIVES[int(uniform() * len(ADJECTIVES))]}" for day in draw(uniform, DAYS, count)]
    return " ; ".join([*said, prompt])


def count_distractors(prompt: str) -> int:
    """How many stand in a prompt."""
    return sum(word in DAYS for word in prompt.split(" "))
