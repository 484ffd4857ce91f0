"""Texts to ids, a word at a time, with a memory of the words: for byte-level BPE as the study trains it.

tokenizers asks its model word by word and does not keep the ids of more than 10,000 of them; most of its time goes into
cutting the text and copying the pieces. A text has few distinct words, so here each is put to tokenizers once, and its
ids are kept as bytes. The cut is the one of `Digits` and `ByteLevel`, for texts of letters and marks whose class no
version of Unicode disputes; any other text, and any other tokenizer, goes to tokenizers whole. The ids are the same.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer as Backend

_MOST_WORDS = 500_000  # kept, some 100 MB
_LONGEST = 64  # characters of a word that is kept

_PRE_TOKENIZER = [
    {"type": "Digits", "individual_digits": True},
    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
]
_SPACES = r" \t\n\r"
_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"  # Latin-1
_MARKS = "!-/:-@\\[-`{-~\u00a3\u00a7\u00ab\u00b0\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026"
_KNOWN = re.compile(f"[{_SPACES}{_LETTERS}{_MARKS}0-9]*")
_WORD = re.compile(  # that of GPT-2, with each digit apart; before a digit a text ends, as `Digits` cuts there first
    "[0-9]|'(?:[stmd]|re|ve|ll)"
    f"| ?[{_LETTERS}]+| ?[^{_SPACES}{_LETTERS}0-9]+"
    f"|[{_SPACES}]+(?![^{_SPACES}0-9])|[{_SPACES}]+"
)


class Speller:
    """Encodes texts, special tokens in them included; nothing is added."""

    def __init__(self, backend: Backend, width: type[np.unsignedinteger[Any]]) -> None:
        """width: the type of an id."""
        self._backend, self._width = backend, width
        state = json.loads(backend.to_str())
        self._words = _Words(backend, width) if _is_ours(state) else None
        tokens = sorted((token["content"] for token in state["added_tokens"]), key=len, reverse=True)
        self._added = re.compile("(" + "|".join(map(re.escape, tokens)) + ")")
        self._tokens = frozenset(tokens)

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Ids of each text, as the tokenizer has them: (tokens,) of the width."""
        words = self._words
        if words is None:
            return self._plainly(texts)
        return [
            np.frombuffer(self._spelled(text, words), self._width)
            if _KNOWN.fullmatch(text)
            else self._plainly([text])[0]
            for text in texts
        ]

    def _spelled(self, text: str, words: "_Words") -> bytes:
        pieces: list[str] = []
        for piece in self._added.split(text):
            if piece in self._tokens:
                pieces.append(piece)
            else:
                pieces += _WORD.findall(piece)
        return b"".join(map(words.__getitem__, pieces))

    def _plainly(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.array(each.ids, self._width) for each in self._backend.encode_batch_fast(list(texts))]


class _Words(dict[str, bytes]):
    """Ids of words, as bytes; one that is not known is asked for."""

    def __init__(self, backend: Backend, width: type[np.unsignedinteger[Any]]) -> None:
        self._backend, self._width = backend, width

    def __missing__(self, word: str) -> bytes:
        ids = np.array(self._backend.encode(word).ids, self._width).tobytes()
        if len(self) < _MOST_WORDS and len(word) <= _LONGEST:
            self[word] = ids
        return ids


def _is_ours(state: dict[str, Any]) -> bool:
    """Whether a tokenizer cuts text as `_WORD` does and says of a word the same each time."""
    model, before = state["model"], state["pre_tokenizer"] or {}
    return (
        model["type"] == "BPE"
        and not model["dropout"]
        and not any(state[name] for name in ("normalizer", "truncation", "padding"))
        and before.get("pretokenizers") == _PRE_TOKENIZER
        and bool(state["added_tokens"])
        and not any(token[name] for token in state["added_tokens"] for name in ("lstrip", "rstrip", "single_word"))
    )
