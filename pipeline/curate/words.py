"""Words of natural text, for datatrove's steps and for ours: regular expressions, in any language with spaces.

datatrove's own tokenizer for English is spacy's (200 MB, and fifteen times as slow); it takes any other. Its
`simplify_text` looks at every character in Python; what is needed of it is done here by expressions, and n-grams are
hashed with numpy: per document a tenth of the time.
"""

import html
import unicodedata
from functools import lru_cache

import numpy as np
import regex
import xxhash
from datatrove.utils.word_tokenizers import WordTokenizer

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\p{N}'’-]*|\p{N}+|[^\s\p{L}\p{N}]")
_SENTENCE = regex.compile(r"(?<=[.!?])\s+")
_PLAIN = regex.compile(r"[^\W_]+")
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphens and joiners: no ends of words
_SPELLINGS = str.maketrans(
    dict.fromkeys("'’‘‛ʼ´`′", "'") | dict.fromkeys(_INVISIBLE, "") | {"æ": "ae", "œ": "oe", "ß": "ss", "ø": "o"}
)
_SMALL = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_NUMBER_WORDS = frozenset(
    f"zero {_SMALL} eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split()
)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class SpacedWords(WordTokenizer):
    """Words are what stands between spaces, as the quality filters' papers count them; sentences end at a full stop.

    With marks counted as words Gopher's rule on letters drops a fifth of the dialogue of novels.
    """

    def __init__(self) -> None:
        super().__init__("en")

    def word_tokenize(self, text: str) -> list[str]:
        """What stands between spaces."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Sentences without the space between them."""
        return [sentence for part in _SENTENCE.split(text) if (sentence := part.strip())]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Where each sentence stands."""
        spans: list[tuple[int, int]] = []
        at = 0
        for sentence in self.sent_tokenize(text):
            start = text.index(sentence, at)
            at = start + len(sentence)
            spans.append((start, at))
        return spans


def count_tokens(text: str) -> int:
    """Words and marks: a count that needs no trained tokenizer. A byte-level BPE makes 1.0 to 1.4 tokens of each."""
    return len(_WORD.findall(text))


def folded(text: str) -> str:
    """In lower case, without diacritics, entities, ligatures, long s and what is not seen. Editions differ in these."""
    text = (html.unescape(text) if "&" in text else text).lower()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text.translate(_SPELLINGS))
    return text if text.isascii() else "".join(c for c in text if not unicodedata.combining(c))


@lru_cache(maxsize=2)  # the steps of a pipeline ask for the same text one after another
def plain_words(text: str) -> list[str]:
    """Folded words without punctuation; numbers as they are."""
    return _PLAIN.findall(folded(text))


def number_blind(words: list[str]) -> list[str]:
    """Plain words in which every number, in digits or in words, is one 0: a question with other numbers is the same."""
    blind = ["0" if word in _NUMBER_WORDS or word[0].isdigit() else word for word in words]
    return [word for word, before in zip(blind, ["", *blind], strict=False) if not word == before == "0"]


@lru_cache(maxsize=2)
def text_shingles(text: str, size: int) -> np.ndarray:
    """Hashes of all runs of `size` plain words of a text: uint64 (N,). Not to be written to."""
    return shingles(plain_words(text), size)


def shingles(words: list[str], size: int) -> np.ndarray:
    """Hashes of all runs of `size` words: uint64 (max(len(words) - size + 1, 0),)."""
    count = len(words) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    hashes = np.fromiter(map(_hashed, words), np.uint64, len(words))
    total = np.zeros(count, np.uint64)
    for offset in range(size):
        total = total * _MULTIPLIER + hashes[offset : offset + count]
    return _mixed(total)


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): low bits as good as high ones."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@lru_cache(maxsize=1 << 18)
def _hashed(word: str) -> int:
    return xxhash.xxh3_64_intdigest(word)


def character_shingles(text: str, size: int) -> np.ndarray:
    """Hashes of all runs of `size` characters: uint64 (max(len(text) - size + 1, 0),)."""
    count = len(text) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    characters = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    total = np.zeros(count, np.uint64)
    for offset in range(size):
        total = total * _MULTIPLIER + characters[offset : offset + count]
    return _mixed(total)
