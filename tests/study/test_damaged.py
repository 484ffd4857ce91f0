"""A damaged artifact in a store of a whole arm: it is named, the rest is told as if it were not there."""

import io

import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.questions import ls, why


def asked(question, runs):
    heard = io.StringIO()
    question([runs.arm("stage=tokenize")], Console(file=heard, width=250))
    return [line.strip() for line in heard.getvalue().splitlines()]


def test_why_names_what_is_damaged_and_goes_on_with_the_rest(runs):
    assert runs.build("stage=tokenize") == []
    tokenizer, base = (
        next(each for each in runs.store.artifacts() if (each.stage, each.label) == name)
        for name in (("tokenize", "tokenizer"), ("curate", "base"))
    )
    (tokenizer.folder / "record.json").write_text("{")
    (base.folder / "documents.parquet").unlink()
    lines = asked(why, runs)
    (broken,) = (
        line for line in lines if line.startswith(f"damaged  tokenize tokenizer {tokenizer.fingerprint[:12]}: ")
    )
    assert broken.endswith(f"is broken; remove the folder {tokenizer.folder} and build it again")
    assert any(line.startswith("damaged  curate base ") and "documents.parquet: missing" in line for line in lines)
    assert any(line.startswith("waits    tokenize base ") for line in lines)
    assert any(line.startswith("done     sources base ") for line in lines)
    states = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in asked(ls, runs)}
    assert states["sources base"] == "ok"
    assert states[f"tokenize {tokenizer.folder.name}"] == "not readable"
    assert states["tokenize base"].startswith("ok; made from ")


def test_nothing_is_built_over_a_damaged_one(runs):
    assert runs.build("stage=sources") == []
    source = next(runs.store.artifacts("sources"))
    (source.folder / "record.json").write_text("{")
    with pytest.raises(UserError, match="is broken; remove the folder"):
        runs.build("stage=tokenize")
