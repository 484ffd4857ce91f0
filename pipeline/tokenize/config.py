"""Which tokenizer a study uses."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.core.config import Config

VERSION = 1  # raised when the same input and config would give other token ids or loss masks


class Tokenizer(Config):
    """A word list for the world, a byte-level BPE trained on a fixed sample, or one that exists (folder or hub)."""

    kind: Literal["world", "bpe", "file", "hub"]
    vocab_size: int = Field(default=0, ge=0)  # bpe only
    sample_documents: int = Field(default=20_000, gt=0)  # bpe only: read from each corpus
    path: str = ""  # file only: a folder for `AutoTokenizer.from_pretrained`, below the data root
    name: str = Field(default="", exclude_if=lambda name: not name)  # hub only: `owner/model`
    revision: str = Field(default="", exclude_if=lambda revision: not revision)  # hub only: a commit
    # file only; file -> checksum of its content: filled by `study`, then verified.
    checksums: dict[str, str] = Field(default={}, exclude_if=lambda checksums: not checksums)

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind == "bpe" and self.vocab_size < 512:
            raise ValueError(
                f"tokenizer vocab_size is {self.vocab_size}: bpe needs 512 or more (256 bytes, marks, merges)"
            )
        if self.kind == "file" and not self.path:
            raise ValueError("tokenizer kind `file` needs `path`, a folder below the data root")
        if self.kind == "hub" and not self.name:
            raise ValueError("tokenizer kind `hub` needs `name`, such as `owner/model`")
        if self.kind == "hub" and not _COMMIT.fullmatch(self.revision):
            raise ValueError(
                f"tokenizer revision is {self.revision!r}: a branch moves, so give the commit: 40 hex digits, "
                "listed on the model's page under Files and versions"
            )
        return self


_COMMIT = re.compile("[0-9a-f]{40}")
