"""Sifting: some words are looked for, and each word that comes by is one of them or is not.

Comparing is what a reader of lines does with each of them (is it about the one who is asked for?), and when to stop
(has the one asked for been reached?). Without these texts a small model did not learn to within its budget (LOG.md).
"""

from pipeline.tasks.world.echo import choose_words, pick
from pipeline.tasks.world.family import Uniform, draw

_HEADS = ("find {} : ", "show {} : ")
_MARK = "same"  # stands behind a word that is looked for, where it is not followed by a word of its own


def sift(uniform: Uniform) -> str:
    """One to three words to look for, then 12 to 27 words of which two in five are among them."""
    words = draw(uniform, choose_words(uniform), 4 + int(5 * uniform()))
    count = 1 + int(3 * uniform())
    wanted, others = words[:count], words[count:]
    told = draw(uniform, choose_words(uniform), count) if uniform() < 0.5 else [_MARK] * count
    said = {word: f"{word} {value}" for word, value in zip(wanted, told, strict=True)}
    head = " , ".join(wanted if told[0] == _MARK else said.values())
    comma = pick(uniform, (" ; ", " . ", " , "))
    passing = [pick(uniform, wanted if uniform() < 0.4 else others) for _ in range(12 + int(16 * uniform()))]
    return f"{pick(uniform, _HEADS).format(head)}{comma.join([said.get(word, word) for word in passing])} ."
