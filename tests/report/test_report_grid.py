"""The grid and its differences, counted by hand."""

import math

import pytest
from report_arms import arm

from pipeline.report.checkpoints import BEFORE, checkpoints, columns_of, rows_of
from pipeline.report.differences import baselines_of, differences
from pipeline.report.grid import grid
from pipeline.report.scores import ACCURACY, FORMAT, GRADED, HELD_OUT, LOGPROB, METRICS, guess_level, read_scores

# 5 trained problems in two families, 1 held out, 1 look-up; held-out and look-up never enter the accuracy.
BEFORE_NONE = {"sums": "wwx", "walks": "wx", "odd": "w", "lookup": "C"}
AFTER_NONE = {"sums": "Cww", "walks": "wx", "odd": "w", "lookup": "C"}
BEFORE_LDQ = {"sums": "CCw", "walks": "wx", "odd": "C", "lookup": "C"}
AFTER_LDQ = {"sums": "CCC", "walks": "Cw", "odd": "w", "lookup": "w"}


@pytest.fixture
def results(tmp_path):
    return [
        arm(tmp_path, "none", "shq", BEFORE_NONE, AFTER_NONE),
        arm(tmp_path, "ldq", "shq", BEFORE_LDQ, AFTER_LDQ),
        arm(tmp_path, "ldq", "lmq", BEFORE_LDQ, None),
    ]


def cells_of(results, metric):
    models = checkpoints(results)
    frame = grid(models, read_scores(models), [metric])
    return {(row["pretrain"], row["sft"]): row for row in frame.to_dict("records")}


def test_grid_holds_every_checkpoint_of_the_sweep_once(results):
    models = checkpoints(results)
    names = [model.name for model in models]
    assert names == ["none", "none > shq", "ldq", "ldq > shq", "ldq > lmq"]
    assert rows_of(models) == ["none", "ldq"]
    assert columns_of(models) == [BEFORE, "shq", "lmq"]


def test_accuracy_leaves_out_held_out_families_and_lookups(results):
    cells = cells_of(results, ACCURACY)
    assert cells["none", BEFORE]["mean"] == 0.0
    assert cells["none", "shq"]["mean"] == pytest.approx(20.0)
    assert cells["ldq", BEFORE]["mean"] == pytest.approx(40.0)
    assert cells["ldq", "shq"]["mean"] == pytest.approx(80.0)
    assert cells["ldq", "shq"]["problems"] == 5


def test_cell_that_is_not_built_has_no_number(results):
    cell = cells_of(results, ACCURACY)["ldq", "lmq"]
    assert math.isnan(cell["mean"])
    assert (cell["seeds"], cell["seeds_asked"]) == (0, 1)


def test_format_and_held_out_have_grids_of_their_own(results):
    assert cells_of(results, FORMAT)["ldq", BEFORE]["mean"] == pytest.approx(80.0)
    assert cells_of(results, HELD_OUT)["ldq", BEFORE]["mean"] == 100.0
    assert cells_of(results, HELD_OUT)["ldq", "shq"]["mean"] == 0.0


def test_graded_metric_averages_traces_within_a_problem_first(tmp_path):
    result = arm(tmp_path, "none", "shq", {"sums": "w"}, None, graded={"sums": [0.1, 0.3], "walks": [0.6]})
    assert cells_of([result], GRADED)["none", BEFORE]["mean"] == pytest.approx(40.0)


def test_metric_that_no_task_asks_for_has_no_cells(results):
    assert all(math.isnan(cell["mean"]) for cell in cells_of(results, LOGPROB).values())


def test_one_seed_has_an_interval_over_problems_and_no_spread(results):
    cell = cells_of(results, ACCURACY)["ldq", "shq"]
    assert (round(cell["low"], 2), round(cell["high"], 2)) == (37.55, 96.38)  # Wilson, 4 of 5
    assert math.isnan(cell["sd"])


def test_several_seeds_have_a_spread_and_no_interval(tmp_path):
    marks = ({"sums": "Cwww"}, {"sums": "CCww"}, {"sums": "CCCw"})
    results = [arm(tmp_path, "ldq", "shq", mark, None, seed) for seed, mark in enumerate(marks)]
    cell = cells_of(results, ACCURACY)["ldq", BEFORE]
    assert (cell["mean"], cell["min"], cell["max"], cell["sd"]) == (50.0, 25.0, 75.0, 25.0)
    assert (cell["seeds"], cell["problems"]) == (3, 4)
    assert math.isnan(cell["low"])


def test_seeds_weigh_the_same_whatever_their_number_of_problems(tmp_path):
    results = [
        arm(tmp_path, "ldq", "shq", {"sums": "C"}, None, 0),
        arm(tmp_path, "ldq", "shq", {"sums": "www"}, None, 1),
    ]
    assert cells_of(results, ACCURACY)["ldq", BEFORE]["mean"] == 50.0


def contrasts_of(results):
    models = checkpoints(results)
    frame = differences(models, read_scores(models), METRICS, baselines=baselines_of(models, "none", "shq"))
    return {(row["contrast"], row["at"]): row for row in frame[frame["metric"] == "accuracy"].to_dict("records")}


def test_differences_pair_the_same_problems(results):
    found = contrasts_of(results)
    assert found["ldq − none", BEFORE]["effect"] == pytest.approx(40.0)
    assert found["ldq − none", "after SFT on shq"]["effect"] == pytest.approx(60.0)
    assert ("lmq − shq", "pretrained on ldq") not in found  # one side is not built


def test_only_problems_that_both_sides_answered_count(tmp_path):
    results = [
        arm(tmp_path, "none", "shq", {"sums": "wC"}, None),
        arm(tmp_path, "ldq", "shq", {"sums": "CCw"}, None),  # a third problem that `none` never saw
    ]
    found = contrasts_of(results)["ldq − none", BEFORE]
    assert (found["effect"], found["problems"], found["over"]) == (50.0, 2, "problems")


def test_several_seeds_give_a_paired_t_interval_over_seeds(tmp_path):
    results = []
    for seed, (none, ldq) in enumerate([("wwww", "Cwww"), ("Cwww", "CCCw"), ("wwww", "CCCw")]):
        results += [
            arm(tmp_path, "none", "shq", {"sums": none}, None, seed),
            arm(tmp_path, "ldq", "shq", {"sums": ldq}, None, seed),
        ]
    found = contrasts_of(results)["ldq − none", BEFORE]  # 25, 50, 75: mean 50, t(2) 4.303 x 14.434
    assert found["effect"] == pytest.approx(50.0)
    assert (found["low"], found["high"]) == (pytest.approx(50 - 62.1, abs=0.05), pytest.approx(50 + 62.1, abs=0.05))
    assert (found["over"], found["seeds"]) == ("seeds", 3)


def test_baseline_that_the_sweep_lacks_gives_way_to_its_first_mix(results):
    assert baselines_of(checkpoints(results), "nothing", "gsm") == ("none", "shq")


def test_guess_level_is_the_most_common_answer_of_each_family(tmp_path):
    result = arm(tmp_path, "none", "shq", {"sums": "wwww", "walks": "w"}, None)  # gold answers: all different
    assert guess_level(read_scores(checkpoints([result]))) == pytest.approx(40.0)  # 1 of 4 and 1 of 1


def test_override_that_the_name_does_not_tell_apart_joins_the_label(tmp_path):
    first = arm(tmp_path / "a", "ldq", "shq", BEFORE_LDQ, AFTER_LDQ)
    changed = {"scale": "2x", "sft.optimizer.lr": "1e-3"}
    second = _with(arm(tmp_path / "b", "ldq", "shq", BEFORE_LDQ, AFTER_LDQ), changed)
    assert [model.name for model in checkpoints([first, second])] == [
        "ldq",
        "ldq > shq",
        "ldq [scale=2x]",
        "ldq [scale=2x] > shq",
    ]
    third = _with(arm(tmp_path / "c", "ldq", "shq", BEFORE_LDQ, AFTER_LDQ), {"sft.optimizer.lr": "1e-3"})
    third.stages.update({key: stage for key, stage in first.stages.items() if key != "sft" and key != "eval:sft"})
    assert [model.sft for model in checkpoints([first, third])] == [BEFORE, "shq", "shq [sft.optimizer.lr=1e-3]"]


def test_what_all_arms_override_alike_is_in_no_label(tmp_path):
    made = arm(tmp_path, "ldq", "shq", BEFORE_LDQ, AFTER_LDQ)
    arms = [_with(made, {"eval.traces": "1", "sft.optimizer.lr": rate}) for rate in ("1e-3", "1e-4")]
    labels = [BEFORE, "shq [sft.optimizer.lr=1e-3]", "shq [sft.optimizer.lr=1e-4]"]
    assert list(dict.fromkeys(model.sft for model in checkpoints(arms))) == labels


def test_two_different_artifacts_for_one_cell_are_our_mistake(tmp_path):
    results = [arm(tmp_path / place, "ldq", "shq", BEFORE_LDQ, AFTER_LDQ) for place in "ab"]
    with pytest.raises(AssertionError, match="two different artifacts for ldq at seed 0"):
        checkpoints(results)


def _with(result, overrides):
    import dataclasses

    return dataclasses.replace(result, overrides=overrides)
