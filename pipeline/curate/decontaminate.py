"""Documents that hold an eval question: word for word, a long run of its words, or most of its short runs.

A document is contaminated where it

* holds a whole question, whatever stands between the letters (spaces, marks, line ends, soft hyphens): anywhere, if
  that has eight words or more, as a line or some sentences if it is shorter, and as a prompt or behind a label
  however short it is;
* has `ngram` words in a row with a question, or with the question's end and its answer's beginning;
* has `share` of the 5-word runs of a question near one another: a question with other names, with a page number in
  its middle, or in the spelling of another tokenizer.

Numbers are alike in the last two, in digits and in words. All of it is asked of the text as it stands, and of the text
as it may have stood before it was printed, tagged or escaped (`mending`). The evidence says what is shared.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.document import Document
from pipeline.curate.mending import mended
from pipeline.curate.question_index import RUN, Hashes, read_index, write_index
from pipeline.curate.questions import LEAST_WORDS
from pipeline.curate.sentences import Words, short_parts
from pipeline.curate.steps import Reason, parts
from pipeline.curate.words import character_shingles, number_blind, plain_words, shingles
from pipeline.tasks.score import TaskProblem

_QUOTED_WORDS = 8  # from so many words on, a question is found wherever it stands
_KEY = 24  # letters: a question is looked up by its first ones, and one with fewer is a short one
_LONGEST = 12  # words of a short one
_SHOWN = 200  # characters of evidence


def index_questions(folder: Path, suites: Mapping[str, Sequence[TaskProblem]], ngram: int) -> dict[str, Any]:
    """Write the index that a `Decontaminator` reads; returns what a corpus's card says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_index(folder, suites, ngram)


class Decontaminator:
    """A filter against all questions of the suites. It reads its index when first asked, in any process."""

    def __init__(self, folder: Path, ngram: int, share: float) -> None:
        """folder: where `index_questions` wrote. share: of a question's short runs that no document may hold."""
        self._folder, self._ngram, self._share = folder, ngram, share
        self._held: _Held | None = None

    def __call__(self, document: Document) -> Reason | None:
        """Drop a contaminated document; the evidence names the question and what is shared."""
        if self._held is None:
            self._held = _Held(self._folder, self._ngram, self._share)
        return self._held.complaint(document)

    def __getstate__(self) -> dict[str, Any]:
        """Without the index: a process of its own reads it."""
        return {**self.__dict__, "_held": None}


class _Held:
    """The index in memory."""

    def __init__(self, folder: Path, ngram: int, share: float) -> None:
        self._index, self._ngram, self._share = read_index(folder), ngram, share
        self._wholes = {"".join(words): number for words, number in self._index.wholes.items()}
        self._short = frozenset("".join(words) for words in self._index.wholes if not _is_quotable(words))
        keys = sorted(
            (int(character_shingles(letters[:_KEY], _KEY)[0]), letters)
            for letters in ("".join(words) for words in self._index.wholes if _is_quotable(words))
        )
        self._long = [letters for _, letters in keys]
        self._keys = Hashes(np.array([key for key, _ in keys], np.uint64), np.arange(len(keys), dtype=np.int32))

    def complaint(self, document: Document) -> Reason | None:
        text = "\n".join(parts(document))
        found = self._asked(document.prompt)
        for form in dict.fromkeys((text, mended(text))):
            found = found or self._look(form)
        return Reason("contaminated", found) if found else None

    def _look(self, text: str) -> str:
        words = plain_words(text)
        return self._quoted(words) or self._said(text) or self._shared(number_blind(words))

    def _asked(self, prompt: str) -> str:
        number = self._wholes.get("".join(plain_words(prompt))) if prompt else None
        return "" if number is None else f"{self._index.names[number]}: the whole question"

    def _quoted(self, words: list[str]) -> str:
        """A question of eight words or more, anywhere."""
        letters = "".join(words)
        hashes = character_shingles(letters, _KEY)
        for at in self._keys.places(hashes).tolist():
            for whole in self._keys.owners(int(hashes[at])):
                if letters.startswith(self._long[whole], at):
                    return self._whole(self._long[whole])
        return ""

    def _said(self, text: str) -> str:
        """A shorter question, as a line, a sentence, some sentences in a row, or behind a label."""
        if not self._short:
            return ""
        found = [words for words in short_parts(text, LEAST_WORDS, _LONGEST) if "".join(words) in self._short]
        return f"{self._whole(''.join(min(found)))}: {' '.join(min(found))}" if found else ""

    def _whole(self, letters: str) -> str:
        return f"{self._index.names[self._wholes[letters]]}: the whole question"

    def _shared(self, words: list[str]) -> str:
        """The first n-gram that a question has too, or the first passage that is held for the most part."""
        hashes, index = shingles(words, self._ngram), self._index
        for at in index.grams.places(hashes)[:1].tolist():
            number = index.grams.owners(int(hashes[at]))[0]
            return f"{index.names[number]}: {' '.join(words[at : at + self._ngram])}"
        for passage, held in self._mostly(shingles(words, RUN)):
            number, size = index.passages[passage].tolist()
            return f"{index.names[number]}: {held} of its {size} runs of {RUN} words"
        return ""

    def _mostly(self, hashes: np.ndarray) -> Iterator[tuple[int, int]]:
        """Passages of which enough runs stand near one another, with how many."""
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for at in self._index.runs.places(hashes).tolist():
            for passage in self._index.runs.owners(int(hashes[at])):
                found[passage].append((at, int(hashes[at])))
        for passage, seen in found.items():
            size = int(self._index.passages[passage, 1])
            if len(seen) >= self._share * size and (held := _most_within(seen, 2 * size + 40)) >= self._share * size:
                yield passage, held


def _is_quotable(words: Words) -> bool:
    """Whether a question is long enough to be known wherever it stands; sums have few letters."""
    return len(words) >= _QUOTED_WORDS and sum(map(len, words)) >= _KEY


def _most_within(seen: Sequence[tuple[int, int]], width: int) -> int:
    """The most distinct runs that stand within so many words. seen: (place, run), by place."""
    inside: Counter[int] = Counter()
    most = first = 0
    for at, run in seen:
        inside[run] += 1
        while seen[first][0] < at - width:
            inside[seen[first][1]] -= 1
            inside += Counter()  # without those that are gone
            first += 1
        most = max(most, len(inside))
    return most
