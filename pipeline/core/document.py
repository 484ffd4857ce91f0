"""A document: the one datum that crosses the data rooms, and its Parquet file.

A document is either plain (`text`) or a question with its answer (`prompt`, `reasoning`, `answer`);
the other fields are what is known about it, empty where nothing is. One Parquet file holds many.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 10_000
CHARACTERS_PER_GROUP = 64_000_000  # of long texts fewer go into a group: what is in memory stays bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text, or one question with its answer, and what is known about it."""

    id: str  # unique within its corpus
    source: str  # where it comes from: the corpus, or the file
    text: str = ""  # plain documents only
    prompt: str = ""  # questions only
    reasoning: str = ""  # the trace between the think tags; empty: answered without one
    answer: str = ""
    domain: str = ""
    family: str = ""  # problem family, or data set
    template: str = ""  # surface template within the family
    structure: str = ""  # hash of the problem's structure, names and numbers removed
    style: str = ""  # verbose, terse, skipped, answer_only
    depth: int = 0  # true reasoning steps from question to answer
    num_steps: int = 0  # steps written in the trace
    num_corrupted: int = 0  # written steps that are wrong on purpose
    is_wrong: bool = False  # the answer is wrong on purpose
    metadata: str = ""  # what else its row says, a JSON object; `whole`: the text that this is a piece of

    @property
    def is_question(self) -> bool:
        """Whether it is a question with an answer, not a plain text."""
        return bool(self.prompt)


_TYPES = {str: pa.string(), int: pa.int32(), bool: pa.bool_()}
FULL_SCHEMA = pa.schema([(field.name, _TYPES[field.type]) for field in fields(Document)])  # type: ignore[index]
SCHEMA = pa.schema(list(FULL_SCHEMA)[:-1])  # without metadata: what is drawn has none


class DocumentWriter:
    """One Parquet file that documents go to one by one, a group in memory at a time."""

    def __init__(self, path: Path, *, has_metadata: bool = False) -> None:
        self.count = 0
        self._schema = FULL_SCHEMA if has_metadata else SCHEMA
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._group: list[Document] = []
        self._characters = 0

    def write(self, document: Document) -> None:
        """Add one document."""
        self._group.append(document)
        self._characters += len(document.text) + len(document.prompt) + len(document.reasoning) + len(document.answer)
        if len(self._group) == ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = {name: [getattr(document, name) for document in self._group] for name in self._schema.names}
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self.count += len(self._group)
        self._group, self._characters = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write what is left; after an error the file is closed as it is, for its folder is thrown away."""
        if self._group and kind is None:
            self._flush()
        self._writer.close()


def write_documents(path: Path, documents: Iterable[Document], *, has_metadata: bool = False) -> int:
    """Write documents to one Parquet file, group by group; return how many there were."""
    with DocumentWriter(path, has_metadata=has_metadata) as writer:
        for document in documents:
            writer.write(document)
    return writer.count


def read_documents(path: Path) -> Iterator[Document]:
    """Documents of one Parquet file in order, a group in memory at a time."""
    with pq.ParquetFile(path) as file:
        yield from read_groups(file, range(file.num_row_groups))


def read_groups(file: pq.ParquetFile, groups: Iterable[int]) -> Iterator[Document]:
    """Documents of some of a file's groups, in order."""
    for group in groups:
        for row in file.read_row_group(group).to_pylist():
            yield Document(**row)
