"""Reflection on GSM8K-style solutions: text, a byte-level tokenizer and a model that knows nothing."""

import json

import pandas as pd
import pytest

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.document import Document, write_documents
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.eval.config import Eval
from pipeline.eval.evaluate import evaluate
from pipeline.lm.config import Model
from pipeline.lm.models.model import build, load_tokenizer, save
from pipeline.study.config.inputs import with_suite_checksums
from pipeline.tasks.reflection.config import TEXT_TRIGGERS, ReflectionFile, ReflectionSuite
from pipeline.tasks.reflection.explicit import is_explicit_text
from pipeline.tasks.suite import Suite
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.tokenizer import train_tokenizer

QUESTION = "Ann has 16 hens and eats 3 eggs a day; 4 go to Bob. An egg sells for $2. What does she get?"
SOLUTION = "Ann sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe gets 9 * 2 = $<<9*2=18>>18.\n#### 18"
SUITE = Suite(
    name="files",
    reflection=ReflectionSuite(
        gsm8k=ReflectionFile(path="g.jsonl", num_rows=1), perturbations=("begin_factor", "end_omission")
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data root with one row, and a checkpoint beside it."""
    root = tmp_path_factory.mktemp("files")
    (root / "g.jsonl").write_text(json.dumps({"question": QUESTION, "answer": SOLUTION}) + "\n")
    documents = [Document(id=f"{i}", source="t", text=f"{QUESTION} {SOLUTION} {i}") for i in range(40)]
    (root / "corpus").mkdir()
    write_documents(root / "corpus" / "documents.parquet", documents)
    checkpoint = root / "checkpoint"
    checkpoint.mkdir()
    tokenizer = Tokenizer(kind="bpe", vocab_size=512, sample_documents=40)
    train_tokenizer(tokenizer, {"t": root / "corpus"}, data_root=None, out=checkpoint, track=Silent())
    model = Model(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=16,
        max_position_embeddings=512,
    )
    loaded = load_tokenizer(checkpoint)
    save(build(model, loaded, "files"), loaded, Checkpoint(checkpoint).model)
    return root


def test_the_item_is_shown_word_for_word_under_the_paper_s_triggers(folder, tmp_path):
    config = Eval(suites=(SUITE,), max_new_tokens=8, graded_problems=0)
    kwargs = {"study_key": "k", "data_root": folder, "out": tmp_path, "track": Silent()}
    evaluate(config, folder / "checkpoint", {}, **kwargs)
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    situational = rows[rows["kind"] == "situational"]
    assert len(situational) == 2 * 3
    assert rows["kind"].tolist().count("clean") == 1  # both items are of one question
    first = situational[situational["probe"] == "begin_factor"]
    shown = "<think>Ann sells 32 - 3 - 4 = 25 eggs.\nShe gets 25 * 2 = $50."
    assert first["prefix"].tolist() == [shown + (f" {text}" if text else "") for text in TEXT_TRIGGERS.values()]
    assert set(first["adversarial"]) == {"50"}
    assert situational["gap"].notna().all()
    assert situational["explicit"].tolist() == [is_explicit_text(text) for text in situational["completion"]]


def test_the_file_s_content_is_part_of_what_is_asked(folder, tmp_path):
    (read,) = with_suite_checksums([SUITE], folder)
    assert read.reflection.gsm8k.checksum
    (tmp_path / "g.jsonl").write_text("{}")
    (other,) = with_suite_checksums([SUITE], tmp_path)
    assert other.reflection.gsm8k.checksum != read.reflection.gsm8k.checksum
    with pytest.raises(UserError, match="suite 'files' reads files and data_root is not set"):
        with_suite_checksums([SUITE], None)
