"""Sentences as short questions stand in a text: on a line, over several lines, in a row, behind a label."""

import regex

from pipeline.curate.words import folded

Words = tuple[str, ...]

_TOKEN = regex.compile(r"[^\W_]+|[\n.?!:;\"“”()]+")
_LABELS = frozenset({"q", "question", "problem", "prompt", "input", "instruction", "user", "human"})


def sentences_of(text: str) -> list[tuple[Words, str]]:
    """Plain words of a text's sentences, lines, and what stands between quotes or brackets; with the marks behind."""
    found: list[tuple[Words, str]] = []
    held: list[str] = []
    for token in _TOKEN.findall(folded(text)):
        if token[0].isalnum():
            held.append(token)
        elif held:
            found.append((tuple(held), token))
            held = []
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + token)
    return [*found, (tuple(held), "\n")] if held else found


def short_parts(text: str, least: int, most: int) -> set[Words]:
    """Sentences, and sentences in a row within a line or a paragraph, of `least` to `most` words; and, of fewer words
    too, what stands behind a label such as `Question:`.
    """
    sentences, found = sentences_of(text), set[Words]()
    for block in _blocks(sentences, 1) + _blocks(_unwrapped(sentences), 2):
        for first in range(len(block)):
            is_asked = first > 0 and block[first - 1][-1] in _LABELS
            words: Words = ()
            for sentence in block[first:]:
                words = (*words, *sentence)
                if len(words) > most:
                    break
                if len(words) >= least or is_asked:
                    found.add(words)
    return found


def _blocks(sentences: list[tuple[Words, str]], ends: int) -> list[list[Words]]:
    """Sentences between so many line ends."""
    blocks: list[list[Words]] = [[]]
    for words, behind in sentences:
        blocks[-1].append(words)
        if behind.count("\n") >= ends:
            blocks.append([])
    return blocks


def _unwrapped(sentences: list[tuple[Words, str]]) -> list[tuple[Words, str]]:
    """Sentences that a single line end cuts in two, in one piece."""
    found: list[tuple[Words, str]] = []
    for words, behind in sentences:
        before = found.pop()[0] if found and found[-1][1] == "\n" else ()
        found.append(((*before, *words), behind))
    return found
