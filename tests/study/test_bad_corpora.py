"""Bad corpora by the command line: one line and exit code 2, or a counted drop; never a half-written artifact."""

import errno
import gzip
import json
import os

import pytest
import test_bad_input

door = test_bad_input.run  # the door in this process
ROW = {"text": "a text of a few plain words"}
ASKED = {"question": "How many legs have nine spiders in all, if one has eight?", "answer": "9 * 8 = 72\n#### 72"}


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode()


@pytest.fixture
def root(tmp_path):
    """A data root with the eval's file, and a corpus `mine` in `a.jsonl`."""
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "test.jsonl").write_bytes(lines(ASKED))
    (tmp_path / "a.jsonl").write_bytes(lines(ROW))
    return tmp_path


@pytest.fixture
def gather(door, root):
    """Read or curate `mine`; returns exit code, what was said, and the folders of what was made."""

    def call(*args, stage="sources", name="a.jsonl", **files):
        options = {"paths": f"[{name}]", "heldout_share": 0, **files}
        told = ", ".join(f"{key}: {value}" for key, value in options.items())
        corpus = f"+corpora.mine={{says: mine, files: {{{told}}}}}"
        store = () if any(each.startswith("store=") for each in args) else ("store=runs",)
        line = ("recipe=real_text", "data_root=.", "tracking=off", "workers=1", f"stage={stage}", *store)
        asked = "eval.suites.0.gsm8k.num_problems=1"
        code, said = door(*line, "corpus=mine", corpus, asked, *args)
        return code, said, {path.parent.parent.name: path.parent for path in root.glob("runs/*/mine-*/record.json")}

    return call


def counts_of(made):
    return json.loads((made["sources"] / "counts.json").read_text())


BAD = [
    ("a.jsonl", gzip.compress(lines(*[ROW] * 900))[:60], {}, "is truncated or broken"),
    ("a.jsonl", lines(ROW, '{"text": "b"'), {}, "a.jsonl:2 is no JSON"),
    ("a.jsonl", lines(ROW, {"body": "b"}), {}, "a.jsonl:2 has no column 'text' (it has body)"),
    ("a.jsonl", lines({"text": ""}, {"text": " \0 "}), {}, "has no document to train on"),
    ("a.jsonl", b"", {}, "has no document to train on"),
    ("a.jsonl", lines({"text": {"deep": 1}}), {}, "column 'text' holds a dict"),
    ("a.csv", b'text\n"open', {}, "a.csv: row 1 is no CSV"),
    ("a.json", b'[{"text": "a"}, {"text"', {}, "a.json: object 2 is no JSON"),
    ("a.parquet", b"PAR1", {}, "a.parquet is no whole Parquet file"),
    ("b.jsonl", None, {}, "glob 'b.jsonl' matches no file"),
    ("a.jsonl", lines(ROW), {"encoding": "utf-99"}, "encoding 'utf-99' is not known"),
    ("a.jsonl", lines(ROW), {"template": "qa"}, "has no column 'prompt'"),
]


@pytest.mark.parametrize(("name", "content", "files", "line"), BAD, ids=[line for *_, line in BAD])
def test_a_bad_file_is_one_line_and_leaves_nothing_that_looks_whole(name, content, files, line, gather, root):
    if content is not None:
        (root / name).write_bytes(content)
    code, said, made = gather(name=name, **files)
    assert code == 2, said
    assert said.startswith("frontload: ") and said.count("\n") == 1
    assert line in said
    assert made == {}


def test_a_line_of_50_mb_is_one_line_or_a_counted_drop(gather, root):
    with (root / "a.jsonl").open("wb") as file:
        file.write(lines(ROW)[:-1] + b'\n{"text": "')
        for _ in range(50):
            file.write(b"word " * 200_000)
        file.write(b'"}\n' + lines({"text": "behind"}))
    code, said, made = gather()
    assert (code, made) == (2, {})
    assert "a.jsonl:2 is longer than max_row_bytes=32000000" in said and said.count("\n") == 1
    code, said, made = gather(bad_rows="drop")
    assert code == 0, said
    assert counts_of(made)["documents"] == 2
    assert counts_of(made)["dropped"] == {"bad_row": 1}


def test_what_is_wrong_with_rows_is_counted(gather, root):
    windows = '{"id": 7, "text": "it\u2019s a caf\u00e9"}\n'.encode("cp1252")
    rows = [
        {"id": 1, "text": "one"}, {"id": 1, "text": "the same id"}, {"id": 2, "text": " "}, "no JSON", {"id": 3},
        {"id": 4, "text": "nul\0bytes"}, {"id": 5, "text": "it\u2019s utf"}, {"id": "", "text": "no id"},
    ]  # fmt: skip
    (root / "a.jsonl").write_bytes(lines(*rows) + windows)
    code, said, made = gather(columns="{id: id}", bad_rows="drop")
    assert code == 0, said
    counts = counts_of(made)
    assert counts["documents"] == 4
    assert counts["dropped"] == {"bad_row": 3, "duplicate_id": 1, "empty": 1}
    assert counts["repaired"] == {"texts_with_nul_bytes": 1, "windows_1252_lines": 1}
    assert counts["dropped_examples"]["duplicate_id"][0]["where"] == "1"


@pytest.mark.parametrize("name", ["gsm8k/test.jsonl", "renamed.jsonl"])
def test_a_file_that_the_eval_asks_is_no_source_under_any_name(name, gather, root):
    (root / "renamed.jsonl").write_bytes((root / "gsm8k" / "test.jsonl").read_bytes())
    code, said, made = gather(name=name, template="gsm8k", stage="curate")
    assert code == 2
    assert (
        said
        == f"frontload: corpus 'mine' reads {name}, which the eval asks; take it out of the corpus or of the eval\n"
    )
    assert made == {}


def test_a_corpus_is_not_made_while_the_eval_set_that_it_is_to_be_held_against_is_not_there(gather, root):
    (root / "gsm8k" / "test.jsonl").unlink()
    world = "eval.suites=[{name: g, gsm8k: {path: gsm8k/test.jsonl, num_problems: 1}}]"
    code, said, made = gather(world, stage="curate")
    assert (code, said.count("\n"), made) == (2, 1, {})
    assert said.startswith(
        "frontload: corpus 'mine' cannot be kept free of the questions of suite 'g': gsm8k/test.jsonl is not below "
        "data_root; get it: curl "
    )
    assert said.endswith("or give +corpora.mine.curation.decontaminate=false\n")
    code, said, made = gather(world, "+corpora.mine.curation.decontaminate=false", stage="curate")
    assert code == 0, said
    assert "curate" in made


def test_an_eval_question_in_a_corpus_is_a_counted_drop_also_where_the_eval_asks_others(gather, root):
    (root / "gsm8k" / "test.jsonl").write_bytes(lines({"question": "Is it?", "answer": "#### 1"}, ASKED))
    (root / "a.jsonl").write_bytes(lines(ROW, {"text": f"Q: {ASKED['question']}\nA: Let's think step by step."}))
    code, said, _ = gather(stage="curate")
    assert code == 0, said
    (card,) = (path for path in root.glob("runs/curate/mine-*/card.json") if "-card-" not in path.parent.name)
    drops = json.loads(card.read_text())
    assert drops["dropped"]["documents"]["contaminated"]["documents"] == 1
    assert drops["samples"]["contaminated"][0]["evidence"] == "gsm8k: gsm8k-1: the whole question"


def test_corpora_that_wait_for_each_other_are_named(door, root):
    corpora = [
        f"+corpora.{name}={{says: x, files: {{paths: [a.jsonl]}}, curation: {{against: [{other}]}}}}"
        for name, other in (("one", "two"), ("two", "one"))
    ]
    line = ("recipe=real_text", "data_root=.", "store=runs", "tracking=off", "stage=curate", "corpus=one", *corpora)
    code, said = door(*line)
    assert (code, said.count("\n")) == (2, 1)
    assert "against each other in a circle: one > two > one; drop one `against`" in said
    assert not (root / "runs").exists()


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        ("pretrain_mix.weights.ldq=0", "mix weight of 'ldq' is 0: weights are positive"),
        ("pretrain_mix.weights.ldq=-1", "mix weight of 'ldq' is -1: weights are positive"),
        ("pretrain_mix.weights.ldq=nan", "mix weight of 'ldq' is nan: weights are positive"),
        ("+pretrain_mix.weights.nosuch=1", "names corpus 'nosuch'"),
        ("pretrain_mix.max_repetitions=0", "say how many passes are allowed"),
    ],
)
def test_weights_that_are_none_are_refused_before_anything_is_made(weights, line, door, root):
    code, said = door("recipe=smoke", "pretrain_mix=ldq", "store=runs", "tracking=off", "stage=mix", weights)
    assert (code, said.count("\n")) == (2, 1), said
    assert line in said
    assert not (root / "runs").exists()


def test_a_mix_all_on_an_empty_corpus_ends_where_it_is_read(door, root):
    (root / "a.jsonl").write_bytes(lines({"text": ""}))
    line = ("recipe=smoke", "data_root=.", "store=runs", "tracking=off", "stage=mix", "workers=1")
    mine = "+corpora.mine={says: x, files: {paths: [a.jsonl]}}"
    code, said = door(*line, mine, "base_mix.weights={mine: 1}", "pretrain_mix=none", "tokenizer.kind=bpe")
    assert (code, said.count("\n")) == (2, 1), said
    assert not list(root.glob("runs/mix/*/record.json"))


WRITERS = {
    "sources": "pipeline.core.document.DocumentWriter._flush",
    "curate": "pipeline.curate.ending.Keep._facts",
    "tokenize": "datatrove.pipeline.tokens.tokenizer.TokenizedFile.write_bytes",
}


def test_a_full_disk_is_one_line_at_every_stage_and_the_same_line_carries_on(gather, root, monkeypatch):
    (root / "a.jsonl").write_bytes(lines(*({"text": f"{i} words of a text that has {i * 7} more"} for i in range(40))))
    line = ("tokenizer_corpora=[mine]", "tokenizer.vocab_size=512")

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for stage, writer in WRITERS.items():
        with monkeypatch.context() as context:
            context.setattr(writer, refuse)
            code, said, made = gather(*line, stage="tokenize")
        assert (code, said.count("\n")) == (2, 1), said
        assert "no space is left on the disk" in said and "run the same line again" in said
        assert stage not in made
    code, said, made = gather(*line, stage="tokenize")
    assert code == 0, said
    undisturbed = gather(*line, "store=whole", stage="tokenize")
    assert undisturbed[0] == 0
    files = [path for path in (root / "whole").rglob("*") if path.suffix in (".parquet", ".ds", ".index", ".loss")]
    assert len(files) > 8
    for path in files:
        again = root / "runs" / path.relative_to(root / "whole")
        assert path.read_bytes() == again.read_bytes(), path
