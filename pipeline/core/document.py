"""A document: the one datum that crosses the data rooms, and its Parquet file.

A document is either plain (`text`) or a question with its answer (`prompt`, `reasoning`, `answer`);
the other fields are what is known about it, empty where nothing is. One Parquet file holds many.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 10_000


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

    @property
    def is_question(self) -> bool:
        """Whether it is a question with an answer, not a plain text."""
        return bool(self.prompt)


_TYPES = {str: pa.string(), int: pa.int32(), bool: pa.bool_()}
NAMES = tuple(field.name for field in fields(Document))
SCHEMA = pa.schema([(field.name, _TYPES[field.type]) for field in fields(Document)])  # type: ignore[index]


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write documents to one Parquet file, group by group; return how many there were."""
    count = 0
    stream = iter(documents)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while group := list(islice(stream, ROWS_PER_GROUP)):
            columns = {name: [getattr(document, name) for document in group] for name in NAMES}
            writer.write_table(pa.table(columns, schema=SCHEMA))
            count += len(group)
    return count


def read_documents(path: Path) -> Iterator[Document]:
    """Documents of one Parquet file in order, a group in memory at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP):
            for row in batch.to_pylist():
                yield Document(**row)
