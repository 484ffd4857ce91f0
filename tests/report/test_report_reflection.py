"""Reflection over the checkpoints of a sweep: compute, shared questions, correlation, counted by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_arms import arm, stage

from pipeline.core.scores import SCORE_SCHEMA
from pipeline.report.checkpoints import checkpoints
from pipeline.report.config import Report
from pipeline.report.figures.reflect import reflection_lines
from pipeline.report.material import Material
from pipeline.report.reflection import Measured, correlations, measured, reflection_curves
from pipeline.report.sections import _reflection

BASE = {"suite": "r", "task": "story", "held_out": False, "lookup": False, "sample": 0, "well_formed": True}


def rows(clean, situational, own=()):
    """clean: C or w a question; situational and own: (C or w, gap) an item, own by question number."""
    found = [BASE | {"kind": "clean", "problem": f"p{i}", "correct": each == "C"} for i, each in enumerate(clean)]
    shown = {"trigger": "none", "adversarial": "2", "explicit": False}
    for i, (each, gap) in enumerate(situational):
        found.append(BASE | shown | {"kind": "situational", "problem": f"p{i}-x", "correct": each == "C", "gap": gap})
    for i, (each, gap) in dict(own).items():
        found.append(BASE | shown | {"kind": "self", "problem": f"p{i}", "correct": each == "C", "gap": gap})
    return pd.DataFrame(pa.Table.from_pylist(found, schema=SCORE_SCHEMA).to_pandas())


EARLY = rows("www", [("w", -2.0), ("w", -1.0)], {0: ("w", -1.0), 1: ("C", 1.0), 2: ("w", -3.0)})
LATE = rows("wwC", [("C", 1.0), ("w", 0.0)], {0: ("C", 2.0), 1: ("w", 0.0)})


def curves():
    return reflection_curves(
        [Measured(line="ldq", seed=0, flops=flops, rows=each) for flops, each in ((3e9, LATE), (1e9, EARLY))]
    )


def test_a_row_a_checkpoint_setting_and_trigger_by_rising_compute():
    frame = curves()
    assert frame["flops"].tolist() == [1e9, 1e9, 3e9, 3e9]
    situational = frame[frame["setting"] == "situational"]
    assert situational["gap"].tolist() == [-1.5, 0.5]
    assert situational["accuracy"].tolist() == [0.0, 0.5]
    assert situational["prefers_gold"].tolist() == [0.0, 0.5]


def test_self_reflection_counts_only_questions_that_every_checkpoint_gets_wrong():
    own = curves().query("setting == 'self'")
    assert own["n"].tolist() == [2, 2]  # p2 is right for the later one
    assert own["gap"].tolist() == [0.0, 1.0]
    assert own["accuracy"].tolist() == [0.5, 0.5]


def test_other_seeds_have_other_questions_and_take_none_away():
    both = [Measured(line="ldq", seed=0, flops=1e9, rows=EARLY), Measured(line="ldq", seed=1, flops=1e9, rows=LATE)]
    own = reflection_curves(both).query("setting == 'self'")
    assert own["n"].tolist() == [3, 2]


def test_correlation_with_log_compute():
    points = [
        Measured(line="a", seed=0, flops=flops, rows=rows("w", [("w", gap)]))
        for flops, gap in ((1e9, 0.0), (1e10, 1.0), (1e11, 2.0), (1e12, 3.0))
    ]
    found = correlations(reflection_curves(points), "gap")
    assert found["checkpoints"].tolist() == [4]
    assert found["pearson"].tolist() == [pytest.approx(1.0)]
    assert np.isnan(correlations(curves(), "gap")["pearson"]).all()  # two checkpoints are no curve
    assert len(correlations(reflection_curves([]), "gap")) == 0


def write(folder, frame):
    pq.write_table(pa.Table.from_pandas(frame, schema=SCORE_SCHEMA, preserve_index=False), folder / "rows.parquet")


@pytest.fixture
def models(tmp_path):
    """One arm: a checkpoint kept half-way through its branch, and the last one."""
    made = arm(tmp_path, "ldq", "shq", {"story": "C"}, None)
    write(made.stages["eval:pretrain"].folder, LATE)
    kept = stage(tmp_path, "eval:pretrain:branch@200", "kept")
    write(kept.folder, EARLY)
    return checkpoints([replace(made, stages={**made.stages, "eval:pretrain:branch@200": kept})])


def test_compute_is_the_ledgers_up_to_the_checkpoint(models):
    points = measured(models)
    assert [point.flops for point in points] == [8e3, 1e4]  # trunk 6e3, branch 4e3 over 400 tokens, kept after 200
    assert [len(point.rows) for point in points] == [8, 7]


def test_an_eval_without_probe_columns_or_rows_is_no_point(tmp_path):
    old = arm(tmp_path, "ldq", "shq", {"story": "C"}, None)
    assert measured(checkpoints([old])) == []
    path = old.stages["eval:pretrain"].folder / "rows.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["gap"]), path)
    assert measured(checkpoints([old])) == []


def test_the_page_s_section_has_a_figure_a_suite_and_one_table(models, tmp_path):
    nothing = pd.DataFrame()
    arms = [models[0].arm]
    material = Material(
        config=Report(title="t", sweep="s"),
        results=arms,
        models=models,
        scores=nothing,
        cells=nothing,
        contrasts=nothing,
        figures=tmp_path,
        out=tmp_path,
    )
    section = _reflection(material)
    (drawing,), (table,) = section.figures, section.tables
    assert (drawing.name, (tmp_path / "reflection-r.svg").is_file()) == ("reflection-r", True)
    assert "2 settings" in drawing.alt
    assert table.frame.query("setting == 'situational'")["gap"].tolist() == [-1.5, 0.5]
    cells = [cell.text for cell in table.rows[0]]
    assert cells[:8] == ["ldq", "0", "r", "situational", "none", "8.00e+03", "2", "-1.50"]


def test_there_is_no_figure_of_nothing(tmp_path):
    assert reflection_lines(curves().iloc[:0], tmp_path) is None
    assert reflection_lines(curves(), tmp_path, trigger="wait") is None
