"""Seeds that are done in part: what is compared rests on the same seeds, and what does not says so."""

import pandas as pd
import pytest
from report_arms import arm

from pipeline.core.track import Silent
from pipeline.report.balance import left_out, uneven, whole_seeds
from pipeline.report.checkpoints import checkpoints
from pipeline.report.config import Report
from pipeline.report.figures.response import response_lines
from pipeline.report.gaps import gaps
from pipeline.report.report import report
from pipeline.report.scores import read_scores


def marked(correct):
    return {"sums": "C" * correct + "w" * (10 - correct)}


def steps(root, seed, **by_passes):
    """Arms that differ in how often SFT passes; how many of ten problems each solves after it."""
    return [
        arm(root, "ldq", "shq", marked(4), marked(correct), seed, passes=passes.removeprefix("p"))
        for passes, correct in by_passes.items()
    ]


def test_whole_are_the_seeds_with_all_that_the_fullest_has():
    frame = pd.DataFrame({"seed": [0, 0, 1, 2, 2, 2], "x": ["a", "b", "a", "a", "b", "b"]})
    assert whole_seeds(frame, ["x"]) == [0, 2]
    assert left_out(frame["seed"], [0, 2]) == " Left out, as they lack points: seed 1."
    assert left_out([0, 1, 2], [0, 1, 2]) == "" and left_out([2, 0, 1], [1]).endswith("seeds 0, 2.")


def test_cells_of_different_seeds_say_so():
    assert uneven(pd.Series([2, 0, 2])) == ""
    assert " 1 to 5 seeds, " in uneven(pd.Series([5, 1, 0]))


def test_a_curve_is_drawn_from_the_seeds_that_have_all_its_points(tmp_path):
    results = [*steps(tmp_path, 0, p1=2, p2=5, p3=6), *steps(tmp_path, 1, p3=10), *steps(tmp_path, 2, p3=10)]
    models = checkpoints(results)
    drawing = response_lines(models, read_scores(models), tmp_path)
    assert "20.0 at 1, 50.0 at 2, 60.0 at 3" in drawing.alt
    assert drawing.caption.endswith(
        "sft.passes: one seed, with 95 % intervals over problems. Left out, as they lack points: seeds 1, 2."
    )


def test_a_curve_over_whole_seeds_counts_them_and_leaves_none_out(tmp_path):
    results = [arms for seed in range(2) for arms in steps(tmp_path, seed, p1=2, p2=5, p3=6 + 2 * seed)]
    models = checkpoints(results)
    drawing = response_lines(models, read_scores(models), tmp_path)
    assert "70.0 at 3" in drawing.alt
    assert drawing.caption.endswith("means and 95 % intervals over 2 seeds.")


def test_a_gap_is_followed_through_the_same_seeds(tmp_path):
    results = [
        arm(tmp_path, mix, "shq", marked(before), after and marked(after), seed)
        for seed, mix, before, after in (
            (0, "none", 1, 2), (0, "ldq", 4, 6), (1, "none", 1, 2), (1, "ldq", 10, None),
        )
    ]  # fmt: skip
    models = checkpoints(results)
    frame = gaps(models, read_scores(models), "none")
    assert frame["gap"].tolist() == pytest.approx([30.0, 40.0])
    assert frame["change"].iloc[1] == pytest.approx(10.0)
    assert frame["seeds"].tolist() == [1, 1]


def test_a_page_of_uneven_seeds_says_how_many_each_cell_has(tmp_path):
    results = [*steps(tmp_path, 0, p1=2, p2=5, p3=6), *steps(tmp_path, 1, p3=10)]
    (tmp_path / "page").mkdir()
    report(Report(title="t", sweep="s"), results, out=tmp_path / "page", track=Silent())
    page = (tmp_path / "page" / "index.html").read_text()
    assert "1 to 2 seeds a cell, so that cells compare only roughly" in page
    for name in ("grid", "depth", "domains"):
        figure = page[page.index(f'id="figure-{name}"') :].partition("</figure>")[0]
        assert "Cells rest on 1 to 2 seeds" in figure, name
    assert page.count(">n = 1<") == page.count(">n = 2<") == 2
