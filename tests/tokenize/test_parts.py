"""Encoding in parts: side by side, killed, broken, on a full disk - the same bytes, or one clear error."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_encode import contents, curated, tokenizer_of

from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.core.files import disk_errors_named
from pipeline.core.shard import HELDOUT, Shard
from pipeline.core.track import Silent
from pipeline.tokenize import parts
from pipeline.tokenize.encode import tokenize

WORDS = ["river", "stone", "cafe", "seven", "walked", "quietly", "and", "then", "the", "lamp"]
HERE = Path(__file__).parent


def documents(number, first=0):
    random = np.random.default_rng(first)
    texts = [" ".join(random.choice(WORDS, 40)) for _ in range(number)]
    asked = [
        Document(id=f"q{i}", source="s", prompt=f"{text} ? <|assistant|> quoted", reasoning=text[:50], answer=text[:9])
        for i, text in enumerate(texts[::3])
    ]
    return [*(Document(id=f"d{i}", source="s", text=text) for i, text in enumerate(texts)), *asked]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A tokenizer, a corpus, and what encoding it in one part gives."""
    root = tmp_path_factory.mktemp("parts")
    corpus = curated(root / "corpus", documents(240), documents(20, 1))
    tokenizer = tokenizer_of(root, kind="bpe", vocab_size=512, corpora={"c": corpus})
    return root, tokenizer, corpus, encoded(tokenizer, corpus, root / "whole")


def encoded(tokenizer, corpus, out, executor=Executor()):  # noqa: B008
    out.mkdir(exist_ok=True)
    tokenize(tokenizer, corpus, executor=executor, out=out, track=Silent())
    return contents(out)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "_BYTES_OF_A_PART", 9000)


def test_many_parts_side_by_side_give_the_bytes_of_one(world, small_parts, tmp_path):
    _, tokenizer, corpus, whole = world
    assert parts.num_parts(corpus / "documents.parquet") > 3
    assert encoded(tokenizer, corpus, tmp_path / "out", Executor(workers=2)) == whole
    assert not (tmp_path / "out" / "parts").exists()
    assert Shard.open(tmp_path / "out").num_documents == 320
    assert Shard.open(tmp_path / "out", HELDOUT).num_documents == 27


def test_killed_again_and_again_it_ends_with_the_same_bytes(world, tmp_path):
    _, tokenizer, corpus, whole = world
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, HERE / "killed_encoding.py", tokenizer, corpus, out, "7"]
    environment = {"PYTHONPATH": str(HERE.parents[1])}
    run = subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 3
    assert contents(out) == whole


def stopped_before_joining(world, out, monkeypatch):
    """All parts of the first split written and marked complete, none joined."""
    _, tokenizer, corpus, _ = world

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(parts.Parts, "join", stop)
        with pytest.raises(KeyboardInterrupt):
            encoded(tokenizer, corpus, out)


def test_a_part_that_was_cut_short_is_made_again(world, small_parts, tmp_path, monkeypatch):
    _, tokenizer, corpus, whole = world
    out = tmp_path / "out"
    stopped_before_joining(world, out, monkeypatch)
    with (out / "parts" / "train_00001_unshuffled.ds").open("r+b") as file:
        file.truncate(100)
    (out / "parts" / "train_00002_unshuffled.ds.loss").unlink()
    assert encoded(tokenizer, corpus, out) == whole


def test_whole_parts_are_not_made_again(world, small_parts, tmp_path, monkeypatch):
    _, tokenizer, corpus, whole = world
    out = tmp_path / "out"
    stopped_before_joining(world, out, monkeypatch)
    with (out / "parts" / "train_00000_unshuffled.ds").open("r+b") as file:
        first = file.read(2)
        file.seek(0)
        file.write(b"\7\7")  # of the right size, so it is taken for whole
    again = encoded(tokenizer, corpus, out)
    assert again["train.ds"] == b"\7\7" + whole["train.ds"][2:] != whole["train.ds"]
    assert whole["train.ds"][:2] == first


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_error(world, small_parts, tmp_path, monkeypatch):
    _, tokenizer, corpus, whole = world
    out = tmp_path / "out"
    stopped_before_joining(world, out, monkeypatch)
    (out / "train.ds").symlink_to("/dev/full")
    monkeypatch.setattr(parts.os, "truncate", lambda *_: None)  # a device has no length
    with pytest.raises(UserError, match="no space is left on the disk; free some"), disk_errors_named(tmp_path):
        encoded(tokenizer, corpus, out)
    assert not (out / "meta.json").exists()
    monkeypatch.undo()
    (out / "train.ds").unlink()
    assert encoded(tokenizer, corpus, out) == whole


def test_a_tokenizer_in_a_folder_is_known_by_its_content(world, tmp_path):
    from pipeline.tokenize.checksums import tokenizer_checksums

    root, tokenizer, _, _ = world
    checksums = tokenizer_checksums(tokenizer.name, root)
    assert "tokenizer.json" in checksums
    tokenizer_of(tmp_path, kind="file", path=tokenizer.name, checksums=checksums, data_root=root)
    with pytest.raises(UserError, match=r"tokenizer\.json changed since the run was planned"):
        tokenizer_of(
            tmp_path,
            "b",
            kind="file",
            path=tokenizer.name,
            checksums={**checksums, "tokenizer.json": "0"},
            data_root=root,
        )


def test_a_tokenizer_on_the_hub_is_named_with_its_commit():
    from pydantic import ValidationError

    from pipeline.tokenize.config import Tokenizer

    with pytest.raises(ValidationError, match="a branch moves, so give the commit"):
        Tokenizer(kind="hub", name="owner/model", revision="main")
    with pytest.raises(ValidationError, match="needs `name`"):
        Tokenizer(kind="hub")
    assert "revision" not in Tokenizer(kind="world").literals()
