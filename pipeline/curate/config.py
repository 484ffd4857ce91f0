"""What a document must be like to stay, and what is measured of a corpus."""

from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from pipeline.core.config import Config
from pipeline.core.errors import UserError

VERSION = 1  # raised when the same drawn documents and config would leave others, or another card
NATURAL_VERSION = 3  # likewise for documents that were read
MEASURE_VERSION = 2  # raised when the same documents would be measured otherwise; nothing is built on a measurement

QualityName = Literal["gopher_quality", "gopher_repetition", "fineweb", "c4"]


class MinHash(Config):
    """Near-duplicates by MinHash; the defaults are FineWeb's (Penedo et al. 2024, arXiv:2406.17557, section 3.4).

    Two documents that share a part s of their n-grams meet with probability 1 - (1 - s^hashes)^buckets: 0.92 at
    s = 0.8, 0.56 at 0.7, 0.01 at 0.4.
    """

    ngram: int = Field(default=5, gt=0)
    buckets: int = Field(default=14, gt=0)
    hashes: int = Field(default=8, gt=0)


class Overlap(Config):
    """Texts that another text holds, wherever either is cut: two editions of a novel have no documents in common.

    One in `one_in` of a text's n-grams is remembered (about 100 bytes each, in one process: 1 GB for 160M words), so
    turn it off at the scale of the web, where `near_duplicates` does the work.
    """

    ngram: int = Field(default=5, gt=0)
    share: float = Field(default=0.4, gt=0, le=1)
    """Of its n-grams, in one earlier text: then it is dropped."""
    one_in: int = Field(default=16, gt=0)
    min_samples: int = Field(default=16, gt=0)
    """Shorter texts are left to MinHash: with fewer n-grams the share is a guess."""


class Curation(Config):
    """Filters of one corpus. The world passes exact deduplication and the structural split check only."""

    is_world: bool = False  # set by `study`: drawn documents; natural text otherwise
    min_answer_words: int = Field(default=0, ge=0)  # trace and answer together; questions only
    max_answer_words: int = Field(default=0, ge=0)  # likewise; 0: no limit
    min_steps: int = Field(default=0, ge=0)  # written in the trace; questions only
    max_steps: int = Field(default=0, ge=0)  # likewise; 0: no limit
    checked_sums: bool = False  # a trace with a wrong sum goes; questions only
    decontaminate: bool = True
    ngram: int = Field(default=13, gt=1)  # words in a row that a document may not share with an eval question
    question_share: float = Field(default=0.6, gt=0, le=1)  # of a question's 5-word runs that it may not hold
    quality: tuple[QualityName, ...] = ()  # of datatrove's, with their published thresholds; plain text only
    near_duplicates: bool = True
    minhash: MinHash = MinHash()
    overlap: Overlap | None = Overlap()
    against: tuple[str, ...] = ()  # corpora that come first: what they hold is a duplicate here

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.is_world:
            self._refuse_what_is_natural()
        for name in ("answer_words", "steps"):
            least, most = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if most and most < least:
                raise ValueError(f"curation max_{name} {most} is below min_{name} {least}: nothing could stay")
        return self

    def _refuse_what_is_natural(self) -> None:
        for name in sorted(self.model_fields_set & set(_NATURAL)):
            if getattr(self, name):
                raise ValueError(
                    f"curation {name} is for natural text; the world has exact deduplication and its structural split"
                )

    @model_serializer(mode="wrap")
    def _as_its_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is for natural text only is no part of the world's identity."""
        data: dict[str, Any] = handler(self)
        if self.is_world:
            data = {**{key: value for key, value in data.items() if key not in _NATURAL}, "decontaminate": False}
            data["ngram"] = self.ngram
        return data

    def of_kind(self, *, is_world: bool) -> "Curation":
        """For drawn documents, or for natural text. Raises UserError where it asks of the world what is for text."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        try:
            return Curation.model_validate({**given, "is_world": is_world})
        except ValueError as error:
            raise UserError(str(error).split("Value error, ")[-1].split(" [type=")[0]) from None


_NATURAL = (
    *("max_answer_words", "max_steps", "checked_sums", "decontaminate", "question_share"),
    *("quality", "near_duplicates", "minhash", "overlap", "against"),
)


class Measuring(Config):
    """How a corpus is measured: counts over all documents, costly measures over a keyed sample of them."""

    sample_documents: int = Field(default=2000, gt=0)
    """Those with the smallest hashes of their ids: the same ones in whatever order documents come."""
    ngrams: tuple[int, ...] = (1, 2, 3)
    sums: bool = True
    """Whether sums in traces are checked; not those of drawn corpora, which know their mistakes."""
