"""Documents that share a question with an eval suite, found with datatrove's n-gram filter.

A document is contaminated where it has `ngram` words in a row with an eval question (case, punctuation and
numbers normalised, so that a question with other numbers counts too), or where its prompt is an eval
question word for word, however short. datatrove's index is written to a scratch folder.

The index is written here in datatrove's format (0.10.1: its own indexer needs lighteval even where the
questions are given), and words are split by a regular expression (its English tokenizer needs spacy).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import regex
from datatrove.data import Document as Piece
from datatrove.pipeline.decont import NGramsDecontConfig, NGramsDecontFilter
from datatrove.utils.text import TextNormConfig, ngrams, simplify_text
from datatrove.utils.word_tokenizers import WordTokenizer
from loguru import logger

from pipeline.core.document import Document
from pipeline.curate.steps import Reason, parts
from pipeline.tasks.score import TaskProblem

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\p{N}'’-]*|\p{N}+|[^\s\p{L}\p{N}]")
_EXACT = TextNormConfig(norm_numbers=False)


class Decontaminator:
    """A filter against all questions of the suites."""

    def __init__(self, suites: Mapping[str, Sequence[TaskProblem]], ngram: int, scratch: Path) -> None:
        """Index the questions; scratch: an empty folder for datatrove's files."""
        words: Any = _Words()  # datatrove says str, and takes a tokenizer
        config = NGramsDecontConfig(n_grams=ngram)
        self._filter = NGramsDecontFilter(str(scratch), config=config, language=words)
        hashes = {
            suite: [self._hashes(problem.prompt, config) for problem in problems] for suite, problems in suites.items()
        }
        for suite, of_questions in hashes.items():
            table = np.array(sorted(set().union(*of_questions)), dtype=config.hash_config.np_descr)
            table.tofile(scratch / f"{suite}.index.hashes")
        logger.disable("datatrove")  # off the terminal, where the study shows its progress
        self._filter.load_index_hashes()
        logger.enable("datatrove")
        self._exact = {
            simplify_text(problem.prompt, _EXACT): f"{suite}: {problem.id}"
            for suite, problems in suites.items()
            for problem in problems
        }
        self.num_questions = {suite: len(problems) for suite, problems in suites.items()}
        self.num_shorter = {suite: of_questions.count(frozenset()) for suite, of_questions in hashes.items()}

    def __call__(self, document: Document) -> Reason | None:
        """Drop a contaminated document; the evidence names the suite and what is shared."""
        whole = self._exact.get(simplify_text(document.prompt, _EXACT)) if document.prompt else None
        if whole is not None:
            return Reason("contaminated", f"{whole}: the whole question")
        piece = Piece(text="\n".join(parts(document)), id=document.id)
        if self._filter.filter(piece) is True:
            return None
        suite, shared = piece.metadata["contaminated_task"], piece.metadata["contaminated_ngram"]
        return Reason("contaminated", f"{suite}: {shared}")

    def _hashes(self, question: str, config: NGramsDecontConfig) -> frozenset[int]:
        """The n-grams of a question, hashed as the filter hashes those of a document."""
        words = self._filter.tokenizer.word_tokenize(simplify_text(question, config.norm_config))
        hash_of: Any = self._filter.hash_func
        return frozenset(hash_of(" ".join(gram)) for gram in ngrams(words, config.n_grams))


class _Words(WordTokenizer):
    """Words, numbers and marks by a regular expression."""

    def __init__(self) -> None:
        super().__init__("en")

    def word_tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text)

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]
