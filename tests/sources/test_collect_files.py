import json
from hashlib import blake2b
from pathlib import Path

import pytest

from pipeline.core.document import read_documents
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.sources.collect import collect, file_checksums, is_held_out
from pipeline.sources.config import VERSION, Corpus, Files
from pipeline.sources.files import read_text, split_text

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
    assert (heldout, counts) == ([], {"documents": 3, "heldout": 0, "empty": 0})


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
    assert counts["empty"] == 2


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


def test_text_is_decoded_and_normalised(tmp_path):
    (tmp_path / "utf8.txt").write_bytes("\ufeffcaf\u00e9\r\nend".encode())
    (tmp_path / "cp1252.txt").write_bytes("it\u2019s caf\u00e9\rend".encode("cp1252"))
    assert read_text(tmp_path / "utf8.txt") == "caf\u00e9\nend"
    assert read_text(tmp_path / "cp1252.txt") == "it\u2019s caf\u00e9\nend"


def test_long_text_is_split_at_paragraph_ends():
    text = "a b c\n\nd e\n \nf g h i j k\n\nl"
    assert list(split_text(text, 5)) == ["a b c\n\nd e", "f g h i j k", "l"]


def test_text_without_blank_lines_is_split_at_line_ends():
    assert list(split_text("a b\nc d\ne f\ng h", 3)) == [
        "a b\nc d\ne f",
        "g h",
    ]  # 4 words: read on; 4.5 or more: the end


def test_pieces_of_one_text_stay_on_one_side(tmp_path):
    for number in range(40):
        (tmp_path / f"novel{number}.txt").write_text("one two three\n\n" * 5)
    files = Files(paths=("*.txt",), format="text", max_words=3, heldout_share=0.3)
    train, heldout, counts = gather(tmp_path, files)
    assert len(train) + len(heldout) == 200
    assert counts["empty"] == 40  # what follows each last paragraph end
    assert heldout
    assert not {d.source for d in train} & {d.source for d in heldout}
    assert [d.id for d in train[:2]] == [f"{train[0].source}:0", f"{train[0].source}:1"]


@pytest.mark.parametrize(
    ("line", "template", "message"),
    [
        ('{"text": "a" "b"}', "text", r"a\.jsonl:2 is no JSON .*; correct or remove the line"),
        ("[1]", "text", r"a\.jsonl:2 is no JSON object"),
        ('{"txt": "a"}', "text", r"a\.jsonl:2 has no column 'text' \(it has txt\)"),
        ('{"text": ["a"]}', "text", r"a\.jsonl:2: column 'text' holds a list"),
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
    assert counts["empty"] == 0
    assert train[0].reasoning.startswith("Natalia sold 48/2 = 24 clips in May.")
    assert train[0].answer == "72"
    assert train[0].num_steps == 2


def test_output_is_pinned_beside_its_version(tmp_path):
    write_lines(tmp_path / "a.jsonl", *(json.dumps({"prompt": f"p{i}", "answer": i}) for i in range(20)))
    files = Files(paths=("a.jsonl",), format="jsonl", template="qa", heldout_share=0.2)
    content = repr(gather(tmp_path, files))
    assert (VERSION, blake2b(content.encode(), digest_size=6).hexdigest()) == (1, "57ef5f2697b9"), (
        "meaning changed: raise VERSION"
    )
