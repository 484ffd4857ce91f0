"""Answers that are run: rows say what became of each, the summary counts, and without walls nothing is generated."""

import json

import orjson
import pandas as pd
import pytest
from sandboxes import needs_sandbox

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.track import Silent
from pipeline.eval.config import Eval
from pipeline.eval.evaluate import evaluate
from pipeline.eval.executed import check_isolation, summarise_runs
from pipeline.eval.rows import Question, make_row, write_table
from pipeline.lm.config import Model
from pipeline.lm.models.model import build, load_tokenizer, save
from pipeline.tasks.code.config import CodeSuite
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.sandbox.ready import require_sandbox
from pipeline.tasks.score import score_all
from pipeline.tasks.suite import Suite, load_suite

MODEL = Model(
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=32,
    max_position_embeddings=64,
)
LIMITS = Limits(cpu_seconds=2, wall_seconds=60)
ROW = {
    "task_id": "HumanEval/0",
    "prompt": "def one():\n",
    "entry_point": "one",
    "canonical_solution": "    return 1\n",
    "test": "def check(candidate):\n    assert candidate() == 1\n",
}
LITERAL = {"id": "sample_0", "code": "def f(x): return x", "input": "1", "output": "1"}


class Heard(Silent):
    def progress(self, done, total, unit, note=""):
        self.done, self.total = done, total


def suite(folder, benchmark, row):
    (folder / f"{benchmark}.jsonl").write_text(json.dumps(row) + "\n")
    return Suite(
        name=benchmark, code=CodeSuite(benchmark=benchmark, path=f"{benchmark}.jsonl", num_problems=1, limits=LIMITS)
    )


def question(folder, benchmark, row):
    (problem,) = load_suite(suite(folder, benchmark, row), study_key="k", data_root=folder)
    return Question(benchmark, problem, [1])


@needs_sandbox
def test_rows_hold_outcomes_and_attempts_and_the_summary_counts_them(tmp_path):
    asked = [question(tmp_path, "humaneval", ROW)] * 5 + [question(tmp_path, "cruxeval", LITERAL)]
    said = [
        "    return 1",
        "    return 2",
        "    return open('/etc/passwd')",
        "    try: open('/etc/passwd')\n    except OSError: __import__('os').fork()",
        "```python\n```",  # no code, so nothing runs
        "1",
    ]
    scores = score_all([one.problem for one in asked], said)
    rows = [make_row(one, "greedy", text, 3, score) for one, text, score in zip(asked, said, scores, strict=True)]
    table = write_table(tmp_path / "rows.parquet", rows, SCORE_SCHEMA)
    assert table["outcome"].fillna("").tolist() == ["passed", "failed", "blocked", "blocked", "", ""]
    assert table["correct"].tolist() == [True, False, False, False, False, True]
    assert [None if tried is None else list(tried) for tried in table["tried"]] == [
        [],
        [],
        ["open '/etc/passwd'"],
        ["open '/etc/passwd'", "os.fork"],
        None,
        None,
    ]
    assert summarise_runs(table) == {
        "runs": 4,
        "outcomes": {"passed": 1, "failed": 1, "timed out": 0, "memory": 0, "output limit": 0, "blocked": 2},
        "runs_that_tried": 2,
        "tried": {"open": 2, "os.fork": 1},
    }


@needs_sandbox
def test_the_stage_runs_what_a_checkpoint_writes(training_world, tmp_path):
    folder, out, track = tmp_path / "checkpoint", tmp_path / "out", Heard()
    out.mkdir()
    tokenizer = load_tokenizer(training_world.tokenizer)
    save(build(MODEL, tokenizer, "untrained"), tokenizer, Checkpoint(folder).model)
    config = Eval(suites=(suite(tmp_path, "humaneval", ROW),), max_new_tokens=8, traces=6, graded_problems=1)
    evaluate(config, folder, {}, study_key="k", data_root=tmp_path, out=out, track=track)
    rows = pd.read_parquet(out / "rows.parquet")
    assert rows["kind"].tolist() == ["greedy", *["graded"] * 6]
    assert not rows["correct"].any()
    summary = orjson.loads((out / "summary.json").read_bytes())
    assert summary["sandbox"]["runs"] == rows["outcome"].notna().sum() > 0
    assert summary["over"]["by_domain"]["code"]["n"] == 1
    assert track.done == track.total == 14  # each is written, then run


def test_without_walls_code_is_refused_before_anything_is_generated(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    require_sandbox.cache_clear()
    with pytest.raises(UserError, match="there is no `bwrap` on PATH"):
        check_isolation([question(tmp_path, "humaneval", ROW)])
    check_isolation([question(tmp_path, "cruxeval", LITERAL)])  # runs nothing
