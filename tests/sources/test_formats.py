"""Files as they are found in the wild: each ends as documents, as a counted drop, or as one clear line."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from test_collect_files import gather, write_lines

from pipeline.core.errors import UserError
from pipeline.sources.config import Files

ROWS = [{"text": f"text {i} with some words"} for i in range(5)]
TEXTS = [row["text"] for row in ROWS]


def texts(tmp_path, name, **options):
    files = Files(paths=(name,), heldout_share=0, **options)
    return [document.text for document in gather(tmp_path, files)[0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(ROWS, indent=4)),
        ("b.json", "\n".join(json.dumps(row, indent=2) for row in ROWS)),  # objects one after another
        ("c.json", "\n".join(map(json.dumps, ROWS))),  # lines in spite of its name
        ("d.json", json.dumps(ROWS[:2]) + json.dumps(ROWS[2:])),  # arrays one after another
        ("e.ndjson", "\n".join(map(json.dumps, ROWS))),
        ("f.csv", "text\n" + "\n".join(TEXTS)),
        ("g.tsv", "id\ttext\n" + "\n".join(f"{i}\t{text}" for i, text in enumerate(TEXTS))),
    ],
)
def test_formats_are_told_by_their_names(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert texts(tmp_path, name) == TEXTS


def test_parquet_and_rows_inside_an_object(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=2)
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "data": ROWS}))
    assert texts(tmp_path, "a.parquet") == TEXTS
    assert texts(tmp_path, "b.json", rows_at="data") == TEXTS


def test_an_array_longer_than_a_chunk_is_read_object_by_object(tmp_path):
    rows = [{"text": f"{i} {'x' * (i % 7 * 9000)}"} for i in range(120)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    assert texts(tmp_path, "a.json") == [row["text"].strip() for row in rows]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compression_is_seen_by_the_content_and_a_truncated_file_is_an_error(tmp_path, pack):
    content = "\n".join(map(json.dumps, ROWS * 200)).encode()
    (tmp_path / "lies.jsonl").write_bytes(pack(content) + pack(b"\n" + content))
    assert texts(tmp_path, "lies.jsonl") == TEXTS * 400
    whole = pack(content)
    (tmp_path / "lies.jsonl").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"lies\.jsonl is truncated or broken .*; get it again"):
        texts(tmp_path, "lies.jsonl")


def test_quoted_fields_hold_commas_and_lines(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'text,n\r\n"one, ""two""\r\nthree",1\r\n')
    assert texts(tmp_path, "a.csv") == ['one, "two"\nthree']


def test_a_folder_stands_for_all_that_is_in_it(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("one")
    (tmp_path / "in" / "deep" / "b.jsonl").write_text('{"text": "two"}')
    (tmp_path / "in" / ".hidden").write_text("three")
    assert texts(tmp_path, "in") == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '[{"text": "a"}, {"text": ', r"a\.json: object 2 is no JSON"),
        ("a.json", '[{"text": "a"}, "b"]', r"a\.json: object 2 is no JSON object but"),
        ("a.csv", "text,n\none\n", r"a\.csv: row 1 has 1 fields where the first line names 2"),
        ("a.csv", "words\none\n", r"a\.csv: row 1 has no column 'text' \(it has words\)"),
        ("a.csv", 'text\n"one', r"a\.csv: row 1 is no CSV"),
        ("a.parquet", "PAR1 no more", r"a\.parquet is no whole Parquet file"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        texts(tmp_path, name)


def test_bad_rows_are_dropped_and_counted_where_asked(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"text": "a"}', '{"text": ', "[1]", '{"x": 1}', '{"text": {}}', '{"text": "b"}')
    files = Files(paths=("a.jsonl",), heldout_share=0, bad_rows="drop")
    train, _, counts = gather(tmp_path, files)
    assert [document.id for document in train] == ["a.jsonl:1", "a.jsonl:6"]
    assert counts["dropped"] == {"bad_row": 4}
    assert "has no column 'text'" in counts["dropped_examples"]["bad_row"][2]["why"]


def test_a_row_over_the_limit_is_never_held_whole(tmp_path):
    with (tmp_path / "a.jsonl").open("w") as file:
        file.write('{"text": "before"}\n{"text": "')
        for _ in range(50):
            file.write("long " * 200_000)
        file.write('"}\n{"text": "behind"}\n')
    files = Files(paths=("a.jsonl",), heldout_share=0, max_row_bytes=100_000)
    with pytest.raises(UserError, match=r"a\.jsonl:2 is longer than max_row_bytes=100000"):
        gather(tmp_path, files)
    train, _, counts = gather(tmp_path, files.model_copy(update={"bad_rows": "drop"}))
    assert [document.id for document in train] == ["a.jsonl:1", "a.jsonl:3"]
    assert counts["dropped"] == {"bad_row": 1}


def test_text_in_one_endless_line_is_cut_between_words(tmp_path):
    (tmp_path / "a.txt").write_text("word " * 20_000 + "x" * 50_000)
    found = texts(tmp_path, "a.txt", max_words=100, max_row_bytes=30_000)
    assert sum(text.split().count("word") for text in found) == 20_000
    assert max(map(len, found)) <= 3 * 100 * 20


def test_nul_bytes_and_half_characters_are_taken_out_and_counted(tmp_path):
    write_lines(tmp_path / "a.json", '{"text": "a\\u0000b"}', '{"text": "half \\ud83d"}', '{"text": "c\\r\\nd"}')
    train, _, counts = gather(tmp_path, Files(paths=("a.json",), heldout_share=0))
    assert [document.text for document in train] == ["ab", "half \ufffd", "c\nd"]
    assert counts["repaired"] == {"texts_with_half_characters": 1, "texts_with_nul_bytes": 1}


def test_ids_of_rows_that_come_twice_are_dropped_and_counted(tmp_path):
    write_lines(tmp_path / "a.jsonl", *(json.dumps({"key": i % 3, "text": f"t{i}"}) for i in range(5)))
    train, _, counts = gather(tmp_path, Files(paths=("a.jsonl",), columns={"id": "key"}, heldout_share=0))
    assert [(document.id, document.text) for document in train] == [("0", "t0"), ("1", "t1"), ("2", "t2")]
    assert counts["dropped"] == {"duplicate_id": 2}


def test_a_corpus_of_empty_documents_is_an_error(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"text": ""}', '{"text": " "}')
    with pytest.raises(UserError, match=r"has no document to train on .*'empty': 2"):
        texts(tmp_path, "a.jsonl")
