"""A corpus by its sources: the dials of the world or of the letter tasks, or files below the data root."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.tasks.probes.config import Alchemy
from pipeline.tasks.world.dials import Dials

VERSION = 1  # raised when the same input and config would give other documents


class Files(Config):
    """Local files of one kind, and how their rows become documents."""

    paths: tuple[str, ...] = Field(min_length=1)  # globs below the data root
    format: Literal["jsonl", "text"]
    template: Literal["text", "qa", "gsm8k"] = "text"
    columns: dict[str, str] = Field(default_factory=dict)  # field of the template -> column; else its own name
    domain: str = ""
    family: str = ""
    heldout_share: float = Field(default=0.02, ge=0, lt=1)  # of documents (text: of files), by keyed hash of the id
    max_documents: int | None = Field(default=None, gt=0)  # read, in file order; None: all
    max_words: int = Field(default=400, gt=0)  # text files: a document ends with the paragraph that reaches this
    checksums: dict[str, str] = Field(default_factory=dict)  # file -> content hash: filled by `study`, then verified


class Corpus(Config):
    """A named set of documents: from the world, from the letter tasks, or from files."""

    name: str
    world: Dials | None = None
    files: Files | None = None
    alchemy: Alchemy | None = Field(default=None, exclude_if=lambda value: value is None)
    stream: str = ""  # the random stream of what is drawn; empty: the corpus's name
    heldout_documents: int = Field(default=1000, ge=0)  # of what is drawn: from the test split

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if sum(origin is not None for origin in (self.world, self.files, self.alchemy)) != 1:
            raise ValueError(f"corpus {self.name!r} needs exactly one of `world`, `files`, `alchemy`")
        return self
