"""Which tokenizer a study uses."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.core.config import Config

VERSION = 1  # raised when the same input and config would give other token ids or loss masks


class Tokenizer(Config):
    """A word list for the world, a byte-level BPE trained on a fixed sample, or one that exists."""

    kind: Literal["world", "bpe", "file"]
    vocab_size: int = Field(default=0, ge=0)  # bpe only
    sample_documents: int = Field(default=20_000, gt=0)  # bpe only: read from each corpus
    path: str = ""  # file only: a folder for `AutoTokenizer.from_pretrained`, below the data root

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind == "bpe" and self.vocab_size < 512:
            raise ValueError(
                f"tokenizer vocab_size is {self.vocab_size}: bpe needs 512 or more (256 bytes, marks, merges)"
            )
        if self.kind == "file" and not self.path:
            raise ValueError("tokenizer kind `file` needs `path`, a folder below the data root")
        return self
