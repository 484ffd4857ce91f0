"""Documents go to Parquet and come back as they were."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.core import document
from pipeline.core.document import SCHEMA, Document, read_documents, write_documents

PLAIN = Document(id="1", source="novels", text="once upon\na time é")
QUESTION = Document(
    id="2",
    source="ldq",
    prompt="q",
    reasoning="r",
    answer="a",
    domain="math",
    family="chains",
    template="3",
    structure="ab12",
    style="terse",
    depth=4,
    num_steps=3,
    num_corrupted=1,
    is_wrong=True,
)


def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    assert write_documents(path, iter([PLAIN, QUESTION])) == 2
    assert list(read_documents(path)) == [PLAIN, QUESTION]
    assert pq.read_schema(path).equals(SCHEMA)


def test_more_documents_than_a_group_keep_their_order(tmp_path: Path) -> None:
    path, count = tmp_path / "documents.parquet", document.ROWS_PER_GROUP + 1
    assert write_documents(path, (replace(PLAIN, id=str(n)) for n in range(count))) == count
    assert [found.id for found in read_documents(path)] == [str(n) for n in range(count)]
    assert pq.ParquetFile(path).num_row_groups == 2


def test_no_documents_are_a_file_with_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    assert write_documents(path, []) == 0
    assert list(read_documents(path)) == []
    assert pq.read_schema(path).equals(SCHEMA)


def test_equal_documents_make_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_documents(tmp_path / name, [PLAIN, QUESTION])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_document_with_a_prompt_is_a_question() -> None:
    assert QUESTION.is_question
    assert not PLAIN.is_question
