import json
from hashlib import blake2b
from pathlib import Path

import pytest

from pipeline.core.document import read_documents
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.sources.collect import collect, file_checksums, is_held_out
from pipeline.sources.config import READ_VERSION, Corpus, Files
from pipeline.sources.lines import read_lines
from pipeline.sources.notes import Notes
from pipeline.sources.text import split_text

SHARED = Path(__file__).parents[3] / "shared" / "data"


def gather(tmp_path, files, data_root=None):
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    corpus = Corpus(name="c", files=files)
    ledger = collect(corpus, study_key="t/seed0", data_root=data_root or tmp_path, out=out, track=Silent())
    train, heldout = (list(read_documents(out / f"{name}.parquet")) for name in ("documents", "heldout"))
    assert ledger.documents == len(train) + len(heldout)
    return train, heldout, json.loads((out / "counts.json").read_text())


def write_lines(path, *rows):
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")


def test_json_lines_become_documents_with_their_line_as_id(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"body": " one "}', "", '{"body": "2020-01-01"}', '{"body": "line\\u2028sep"}')
    files = Files(paths=("*.jsonl",), format="jsonl", columns={"text": "body"}, domain="d", heldout_share=0)
    train, heldout, counts = gather(tmp_path, files)
    assert [(d.id, d.text, d.domain) for d in train] == [
        ("a.jsonl:1", "one", "d"),
        ("a.jsonl:3", "2020-01-01", "d"),  # no date is made of it
        ("a.jsonl:4", "line\u2028sep", "d"),
    ]
    assert heldout == []
    assert (counts["documents"], counts["heldout"], counts["dropped"]) == (3, 0, {})


def test_questions_have_reasoning_and_numbers_become_text(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"q": "1+1?", "cot": "one\\n\\nand one", "answer": 2}')
    columns = {"prompt": "q", "reasoning": "cot"}
    files = Files(paths=("a.jsonl",), format="jsonl", template="qa", columns=columns, heldout_share=0)
    ((document,), _, _) = gather(tmp_path, files)
    assert (document.prompt, document.reasoning, document.answer) == ("1+1?", "one\n\nand one", "2")
    assert document.num_steps == 2


def test_empty_documents_are_dropped_and_counted(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"text": "a"}', '{"text": "  "}', '{"text": null}')
    train, _, counts = gather(tmp_path, Files(paths=("a.jsonl",), format="jsonl", heldout_share=0))
    assert [d.text for d in train] == ["a"]
    assert counts["dropped"] == {"empty": 2}
    assert [shown["where"] for shown in counts["dropped_examples"]["empty"]] == ["a.jsonl:2", "a.jsonl:3"]


def test_heldout_is_decided_by_the_document_id(tmp_path):
    write_lines(tmp_path / "a.jsonl", *(json.dumps({"text": f"t{i}"}) for i in range(1000)))
    train, heldout, _ = gather(tmp_path, Files(paths=("a.jsonl",), format="jsonl", heldout_share=0.1))
    assert len(train) + len(heldout) == 1000
    assert 70 < len(heldout) < 130
    assert all(is_held_out(d.id, 0.1) for d in heldout)
    assert not any(is_held_out(d.id, 0.1) for d in train)


def test_max_documents_reads_the_first(tmp_path):
    write_lines(tmp_path / "a.jsonl", *(json.dumps({"text": f"t{i}"}) for i in range(9)))
    train, _, _ = gather(tmp_path, Files(paths=("a.jsonl",), format="jsonl", heldout_share=0, max_documents=4))
    assert [d.text for d in train] == ["t0", "t1", "t2", "t3"]


def lines_of(path, encoding=""):
    notes = Notes()
    return [line.text for line in read_lines(path, encoding=encoding, limit=1000, notes=notes)], notes.repaired


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        ("\ufeffcaf\u00e9\r\nend".encode(), "", ["caf\u00e9\r\n", "end"]),
        ("caf\u00e9\nend".encode("utf-16"), "", ["caf\u00e9\n", "end"]),
        ("plain words without a mark\nend".encode("utf-16-be"), "", ["plain words without a mark\n", "end"]),
        ("\u732b\nend".encode("shift_jis"), "shift_jis", ["\u732b\n", "end"]),
        (b"", "", []),
    ],
)
def test_text_is_decoded(tmp_path, content, encoding, expected):
    (tmp_path / "a.txt").write_bytes(content)
    assert lines_of(tmp_path / "a.txt", encoding) == (expected, {})


def test_lines_that_are_no_utf8_are_windows_1252_and_counted(tmp_path):
    (tmp_path / "a.txt").write_bytes("it\u2019s caf\u00e9\n".encode() + "it\u2019s caf\u00e9\n".encode("cp1252"))
    assert lines_of(tmp_path / "a.txt") == (["it\u2019s caf\u00e9\n"] * 2, {"windows_1252_lines": 1})


def test_long_text_is_split_at_paragraph_ends():
    text = "a b c\n\nd e\n \nf g h i j k\n\nl"
    assert list(split_text(text.split("\n"), 5)) == ["a b c\n\nd e", "f g h i j k", "l"]


def test_text_without_blank_lines_is_split_at_line_ends():
    assert list(split_text(["a b\n", "c d\r\n", "e f\rg h"], 3)) == [
        "a b\nc d\ne f",
        "g h",
    ]  # 4 words: read on; 4.5 or more: the end


def test_pieces_of_one_text_stay_on_one_side(tmp_path):
    for number in range(40):
        (tmp_path / f"novel{number}.txt").write_text("one two three\n\n" * 5)
    files = Files(paths=("*.txt",), format="text", max_words=3, heldout_share=0.3)
    train, heldout, counts = gather(tmp_path, files)
    assert len(train) + len(heldout) == 200
    assert counts["dropped"] == {"empty": 40}  # what follows each last paragraph end
    assert heldout
    assert not {d.source for d in train} & {d.source for d in heldout}
    assert [d.id for d in train[:2]] == [f"{train[0].source}:0", f"{train[0].source}:1"]


@pytest.mark.parametrize(
    ("line", "template", "message"),
    [
        ('{"text": "a" "b"}', "text", r"a\.jsonl:2 is no JSON .*; correct or remove the line"),
        ("[1]", "text", r"a\.jsonl:2 is no JSON object"),
        ('{"txt": "a"}', "text", r"a\.jsonl:2 has no column 'text' \(it has txt\)"),
        ('{"text": {"a": 1}}', "text", r"a\.jsonl:2: column 'text' holds a dict"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, template, message):
    write_lines(tmp_path / "a.jsonl", '{"text": "fine"}', line)
    with pytest.raises(UserError, match=message):
        gather(tmp_path, Files(paths=("a.jsonl",), format="jsonl", template=template))


def test_a_bad_gsm8k_answer_is_named(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"question": "q", "answer": "no mark"}')
    with pytest.raises(UserError, match=r"a\.jsonl:1: .*####"):
        gather(tmp_path, Files(paths=("a.jsonl",), format="jsonl", template="gsm8k"))


def test_missing_files_are_named(tmp_path):
    files = Files(paths=("no/*.jsonl",), format="jsonl")
    with pytest.raises(UserError, match=r"glob 'no/\*\.jsonl' matches no file"):
        gather(tmp_path, files)
    with pytest.raises(UserError, match="is no folder"):
        file_checksums(files, tmp_path / "nowhere")
    with pytest.raises(UserError, match="data_root=<folder>"):
        file_checksums(files, None)


def test_a_changed_file_is_refused(tmp_path):
    write_lines(tmp_path / "a.jsonl", '{"text": "a"}')
    files = Files(paths=("a.jsonl",), format="jsonl", heldout_share=0)
    files = files.model_copy(update={"checksums": file_checksums(files, tmp_path)})
    gather(tmp_path, files)
    write_lines(tmp_path / "a.jsonl", '{"text": "b"}')
    with pytest.raises(UserError, match=r"file 'a\.jsonl' changed"):
        gather(tmp_path, files)


@pytest.mark.skipif(not (SHARED / "gsm8k/train.jsonl").exists(), reason="needs ../shared/data/gsm8k/train.jsonl")
def test_gsm8k_train_reads_whole(tmp_path):
    files = Files(paths=("gsm8k/train.jsonl",), format="jsonl", template="gsm8k", domain="math", family="gsm8k")
    train, heldout, counts = gather(tmp_path, files, SHARED)
    assert len(train) + len(heldout) == 7473
    assert counts["dropped"] == {}
    assert train[0].reasoning.startswith("Natalia sold 48/2 = 24 clips in May.")
    assert train[0].answer == "72"
    assert train[0].num_steps == 2


def test_output_is_pinned_beside_its_version(tmp_path):
    write_lines(tmp_path / "a.jsonl", *(json.dumps({"prompt": f"p{i}", "answer": i}) for i in range(20)))
    files = Files(paths=("a.jsonl",), format="jsonl", template="qa", heldout_share=0.2)
    content = repr(gather(tmp_path, files))
    assert (READ_VERSION, blake2b(content.encode(), digest_size=6).hexdigest()) == (2, "ae2c2863ca06"), (
        "meaning changed: raise READ_VERSION"
    )
