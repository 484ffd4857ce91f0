"""Scores of checkpoints kept on the way, beside the last ones."""

from dataclasses import replace

import pytest
from report_arms import arm, stage, write_scores

from pipeline.core.ledger import Ledger
from pipeline.core.track import Silent
from pipeline.report.checkpoints import checkpoints
from pipeline.report.config import Report
from pipeline.report.kept import kept_scores
from pipeline.report.report import report

WEAK, STRONG = {"sums": "Cwww"}, {"sums": "CCCx"}


@pytest.fixture
def results(tmp_path):
    """Arms that share a trunk of 600 tokens, kept at 200; branch `ldq` is kept at 100 of 400, its SFT at 30 of 50."""
    with_kept, plain = arm(tmp_path, "ldq", "shq", WEAK, STRONG), arm(tmp_path, "none", "shq", WEAK, None)
    marks = {"pretrain:trunk@200": WEAK, "pretrain:branch@100": STRONG, "sft@30": WEAK}
    evaluations = {f"eval:{key}": stage(tmp_path, f"eval:{key}", key.replace(":", "-")) for key in marks}
    for key, mark in marks.items():
        write_scores(evaluations[f"eval:{key}"].folder, mark)
    sft = replace(with_kept.stages["sft"], ledger=Ledger(input_tokens=90, loss_tokens=50))
    shared = {key: evaluation for key, evaluation in evaluations.items() if "trunk" in key}
    return [
        replace(with_kept, stages={**with_kept.stages, "sft": sft, **evaluations}),
        replace(plain, stages={**plain.stages, **shared}),
    ]


def test_each_kept_checkpoint_is_a_row_and_the_last_one_ends_the_line(results):
    frame = kept_scores(checkpoints(results))
    rows = list(frame[["part", "line", "tokens", "accuracy", "format"]].itertuples(index=False, name=None))
    assert rows == [
        ("pretraining", "ldq", 200, 25.0, 100.0),
        ("pretraining", "ldq", 700, 75.0, 75.0),
        ("pretraining", "ldq", 1000, 25.0, 100.0),
        ("SFT", "ldq > shq", 30, 25.0, 100.0),
        ("SFT", "ldq > shq", 50, 75.0, 75.0),
        ("pretraining", "none", 1000, 25.0, 100.0),
    ]


def test_the_page_shows_them(results, tmp_path):
    (tmp_path / "out").mkdir()
    report(Report(title="t", sweep="tiny", note=""), results, out=tmp_path / "out", track=Silent())
    assert "Scores on the way" in (tmp_path / "out" / "index.html").read_text()
    assert len((tmp_path / "out" / "tables" / "kept.csv").read_text().splitlines()) == 7
    assert (tmp_path / "out" / "figures" / "kept.svg").exists()


def test_where_nothing_was_kept_there_is_nothing(tmp_path):
    assert len(kept_scores(checkpoints([arm(tmp_path, "ldq", "shq", WEAK, STRONG)]))) == 0
