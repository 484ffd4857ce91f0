"""`stage=score` from a study: what is printed, where the rows lie, what is not done twice, mistakes in one line."""

import io
import json

import pandas as pd
import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.results.stored import score_completions

LINES = [
    {"task": "gsm8k", "problem": 0, "completion": "#### 3", "label": True},
    {"task": "gsm8k", "question": "2 + 2?", "completion": "#### 3", "label": False},
    {"task": "gsm8k", "question": "2 + 2?", "completion": r"\boxed{4}", "label": False},
    {"task": "gsm8k", "question": "who?", "completion": "4"},
]


@pytest.fixture
def asked(study, tmp_path):
    (tmp_path / "gsm8k").mkdir()
    rows = [{"question": "1 + 2?", "answer": "#### 3"}, {"question": "2 + 2?", "answer": "#### 4"}]
    for split in ("train", "test"):
        (tmp_path / f"gsm8k/{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    places = (f"data_root={tmp_path}", f"store={tmp_path / 'runs'}", f"completions={tmp_path / 'answers.jsonl'}")
    gsm8k = "{name: own, gsm8k: {path: gsm8k/test.jsonl, num_problems: 2}}"
    return study("recipe=smoke", f"eval.suites=[{gsm8k}]", *places)


def said(study):
    heard = io.StringIO()
    score_completions([((), study)], Console(file=heard, width=300))
    return heard.getvalue()


def test_agreement_is_printed_and_the_rows_are_kept(asked, tmp_path):
    text = said(asked)
    (line,) = (line for line in text.splitlines() if line.strip().startswith("own "))
    assert line.split()[:9] == ["own", "gsm8k", "3", "66.7", "%", "100.0", "%", "3", "66.7"]
    assert "own/gsm8k: 1 lines name no problem of it, first line 4" in text
    (folder,) = (path for path in (tmp_path / "runs/score").iterdir() if path.is_dir())
    rows = pd.read_parquet(folder / "rows.parquet")
    assert rows["correct"].tolist() == [True, False, True]
    before = (folder / "rows.parquet").stat().st_mtime_ns
    assert said(asked) == text
    assert (folder / "rows.parquet").stat().st_mtime_ns == before


def test_without_a_file_the_line_says_what_to_give(study, tmp_path):
    with pytest.raises(UserError, match="give completions=FILE"):
        said(study("recipe=smoke", f"store={tmp_path}"))
    with pytest.raises(UserError, match=r"completions=.*none.jsonl is no file"):
        said(study("recipe=smoke", f"store={tmp_path}", f"completions={tmp_path / 'none.jsonl'}"))
