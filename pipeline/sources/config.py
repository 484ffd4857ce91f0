"""A corpus by its sources: dials of the world or of the letter tasks, files below the data root, a hub data set."""

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.tasks.probes.config import Alchemy
from pipeline.tasks.world.dials import Dials

VERSION = 1  # raised when the same dials would give other documents
READ_VERSION = 2  # raised when the same files, or the same hub data set, would

Mark = Literal["think", "gsm8k", "boxed"]
Format = Literal["auto", "jsonl", "json", "parquet", "csv", "tsv", "text"]


class Reading(Config):
    """How rows become documents, wherever they come from: a template, declared columns, declared marks."""

    template: Literal["text", "qa", "chat", "gsm8k"] = "text"
    columns: dict[str, str] = Field(default_factory=dict)
    """Field of the template -> column (else its own name; `a.b` goes into objects), or a text with `{column}` in it."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Field -> what a value is to be called, such as `{answer: {"true": "yes", "false": "no"}}`."""
    marks: tuple[Mark, ...] | None = None
    """Which marks are read out of the answer, in this order; None: those of the template."""
    think_tags: tuple[str, str] = ("<think>", "</think>")
    """What stands around a thought; for the mark `think`."""
    step_mark: str = "\n"
    """A regular expression for what stands between two steps of a trace."""
    keep: tuple[str, ...] = ()
    """Columns that go along as metadata."""
    domain: str = ""
    """One for all rows, or `{column}`."""
    family: str = ""
    heldout_share: float = Field(default=0.02, ge=0, lt=1)
    """Of documents (of whole files, for text), by keyed hash of the id."""
    max_documents: int | None = Field(default=None, gt=0)
    """Rows read, in order; None: all."""
    bad_rows: Literal["stop", "drop"] = "stop"
    """At a row that cannot be read: one clear error, or a counted drop."""

    @field_validator("step_mark")
    @classmethod
    def _is_an_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"step_mark {value!r} is no regular expression ({error}); correct it") from None
        return value

    @field_validator("think_tags", mode="before")
    @classmethod
    def _are_two(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(value):
            raise ValueError(f"think_tags are {value!r}; give the two that open and close a thought")
        return value


class Files(Reading):
    """Local files."""

    paths: tuple[str, ...] = Field(min_length=1)
    """Globs below the data root; a folder stands for all that is in it."""
    format: Format = "auto"
    """auto: by the name, `.gz` and `.zst` aside. Compression is seen by the content."""
    encoding: str = ""
    """Of text; empty: what a byte order mark says, else UTF-8, and Windows-1252 for lines that are none."""
    rows_at: str = ""
    """json: the key of an object that holds the list of rows."""
    max_words: int = Field(default=400, gt=0)
    """text: a document ends with the paragraph that reaches this."""
    max_row_bytes: int = Field(default=32_000_000, gt=0)
    """A longer row is a bad row, and is never in memory whole."""
    checksums: dict[str, str] = Field(default_factory=dict)
    """File -> content hash: filled by `study`, then verified."""

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            "".encode(value or "utf-8")
        except LookupError:
            raise ValueError(f"encoding {value!r} is not known to Python; give one such as cp1252") from None
        return value


class Hub(Reading):
    """A data set on the Hugging Face hub, or its copy in `hub/<owner>/<name>` below the data root."""

    dataset: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)?$")
    """Its name on the hub."""
    revision: str = ""
    """A commit, or a tag. A plan does without; to be streamed it needs one, for a branch moves under one's feet."""
    subset: str = ""
    """The hub calls it a configuration; empty: its default."""
    split: str = "train"
    checksums: dict[str, str] = Field(default_factory=dict)
    """Of a local copy, file -> content hash: filled by `study`, then verified."""

    @property
    def is_pinned(self) -> bool:
        """Whether its revision stands still; `to-be-pinned` is what a file says of one that nobody has looked up."""
        return self.revision not in ("", "main", "master", "to-be-pinned")


class Corpus(Config):
    """A named set of documents: from the world, from the letter tasks, from files or from the hub."""

    name: str
    world: Dials | None = None
    files: Files | None = None
    hub: Hub | None = Field(default=None, exclude_if=lambda value: value is None)
    alchemy: Alchemy | None = Field(default=None, exclude_if=lambda value: value is None)
    stream: str = ""  # the random stream of what is drawn; empty: the corpus's name
    heldout_documents: int = Field(default=1000, ge=0)  # of what is drawn: from the test split

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if sum(origin is not None for origin in (self.world, self.files, self.hub, self.alchemy)) != 1:
            raise ValueError(f"corpus {self.name!r} needs exactly one of `world`, `files`, `hub`, `alchemy`")
        return self

    @property
    def is_drawn(self) -> bool:
        """Whether its documents are drawn, not read."""
        return self.files is None and self.hub is None
