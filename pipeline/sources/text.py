"""Plain text cut into documents of about so many words, as it streams by."""

from collections.abc import Iterable, Iterator

_CHARACTERS_PER_WORD = 20  # what has no spaces is cut after so many characters for each word that is asked for


def split_text(lines: Iterable[str], max_words: int) -> Iterator[str]:
    """Texts of about `max_words` words: each ends at the first blank line from there on.

    Half as much again and it ends at the line's end: some texts have no blank lines (one of 48 novels tried
    would else be a single document of 358,000 words). A line that alone is longer is cut between words.
    lines: with or without their ends.
    """
    held: list[str] = []
    num_words = 0
    for line in _broken(lines, max_words):
        held.append(line)
        num_words += max(len(line.split()), len(line) // _CHARACTERS_PER_WORD)
        is_paragraph_end = not line.strip()
        if (num_words >= max_words and is_paragraph_end) or 2 * num_words >= 3 * max_words:
            yield "\n".join(held).strip()
            held, num_words = [], 0
    yield "\n".join(held).strip()


def _broken(lines: Iterable[str], max_words: int) -> Iterator[str]:
    """Lines of a sane length, whatever their ends were."""
    longest = max_words * _CHARACTERS_PER_WORD
    for line in lines:
        # Not splitlines: it also ends lines at form feeds and U+2028, which belong to the text.
        for part in line.removesuffix("\n").removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            yield from [part] if len(part) <= longest else _cut(part, max_words, longest)


def _cut(line: str, max_words: int, longest: int) -> Iterator[str]:
    """A long line, broken after every `max_words` words, and before `longest` characters."""
    held: list[str] = []
    length = 0
    for word in line.split(" "):
        for part in (word[at : at + longest] for at in range(0, max(len(word), 1), longest)):
            if held and (len(held) == max_words or length + len(part) > longest):
                yield " ".join(held)
                held, length = [], 0
            held.append(part)
            length += len(part) + 1
    yield " ".join(held)
