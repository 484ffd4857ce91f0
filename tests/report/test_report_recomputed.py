"""The report's numbers once more from the per-problem rows, by plain arithmetic that shares no code with the report."""

import csv
import math
from collections import defaultdict

import pyarrow.parquet as pq
import pytest
from report_gallery import gallery, judged

from pipeline.core.track import Silent
from pipeline.report.config import Report
from pipeline.report.report import report

BASELINE = "none"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    arms = gallery(root, seeds=(0, 1), mixes=("none", "ldq"), sfts=("shq",))
    out = root / "report" / "page"
    out.mkdir(parents=True)
    report(Report(title="T", sweep="s"), arms, out=out, track=Silent(), judged=judged(root))
    return arms, out


def table(out, name):
    with (out / f"tables/{name}.csv").open() as file:
        return list(csv.DictReader(file))


def rows_of(arm, key):
    return pq.read_table(arm.stages[key].folder / "rows.parquet").to_pylist()


def cells(arms):
    """(row, column) -> seed -> greedy rows, read straight from each arm's eval artifacts."""
    found = defaultdict(dict)
    for arm in arms:
        pretrain, _, sft = arm.name.partition(" > ")
        columns = {"eval:pretrain": "before SFT", "eval:sft": sft.removesuffix(" > rl"), "eval:rl": sft}
        for key, column in columns.items():
            if key in arm.stages:
                found[pretrain, column][arm.seed] = rows_of(arm, key)
    return found


def is_counted(row, *, held_out=False, kind="greedy"):
    return row["kind"] == kind and not row["lookup"] and row["held_out"] == held_out


def share(rows, column="correct"):
    return 100 * sum(row[column] for row in rows) / len(rows)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("name", "column", "held_out"),
    [("accuracy", "correct", False), ("format", "well_formed", False), ("held_out", "correct", True)],
)
def test_grid(made, name, column, held_out):
    arms, out = made
    counted = cells(arms)
    written = table(out, f"grid_{name}")
    assert len(written) == len(counted) == 7
    for row in written:
        seeds = counted[row["pretrain"], row["sft"]]
        by_seed = [share([r for r in rows if is_counted(r, held_out=held_out)], column) for rows in seeds.values()]
        assert float(row["mean"]) == pytest.approx(mean(by_seed))
        assert (float(row["min"]), float(row["max"])) == pytest.approx((min(by_seed), max(by_seed)))
        half = abs(by_seed[0] - by_seed[1])
        assert float(row["sd"]) == pytest.approx(half / math.sqrt(2))


def test_graded_grid_counts_a_problem_with_several_traces_once(made):
    arms, out = made
    counted = cells(arms)
    for row in table(out, "grid_graded"):
        by_seed = []
        for rows in counted[row["pretrain"], row["sft"]].values():
            traces = defaultdict(list)
            for r in rows:
                if is_counted(r, kind="graded"):
                    traces[r["task"], r["problem"]].append(r["gold_probability"])
            by_seed.append(100 * mean(mean(values) for values in traces.values()))
        assert float(row["mean"]) == pytest.approx(mean(by_seed))


def gap_by_seed(counted, row, column):
    gaps = {}
    for seed, treated in counted[row, column].items():
        right = {(r["task"], r["problem"]): r["correct"] for r in treated if is_counted(r)}
        other = {(r["task"], r["problem"]): r["correct"] for r in counted[BASELINE, column][seed] if is_counted(r)}
        assert right.keys() == other.keys()
        gaps[seed] = 100 * mean(right[key] - other[key] for key in right)
    return gaps


def student(values):
    """95 % over two seeds: t with one degree of freedom is 12.7062. Seeds that agree have no interval."""
    middle, half = mean(values), 12.706204736 * abs(values[0] - values[1]) / 2
    return pytest.approx([middle, *((middle - half, middle + half) if half > 1e-9 else (math.nan,) * 2)], nan_ok=True)


def numbers(row, *names):
    return [float(row[name] or "nan") for name in names]


def test_differences_are_paired_and_their_intervals_are_over_seeds(made):
    arms, out = made
    counted = cells(arms)
    columns = {"before SFT": "before SFT", "after SFT on shq": "shq", "after SFT on shq > rl": "shq > rl"}
    written = [row for row in table(out, "differences_pretraining") if row["metric"] == "accuracy"]
    assert {row["at"] for row in written} == set(columns)
    for row in written:
        gaps = gap_by_seed(counted, "ldq", columns[row["at"]])
        assert numbers(row, "effect", "low", "high") == student(list(gaps.values()))


def test_gaps_and_how_they_change(made):
    arms, out = made
    counted = cells(arms)
    written = table(out, "gaps")
    assert [row["at"] for row in written] == ["before SFT", "shq", "before SFT", "shq", "shq > rl"]
    before = gap_by_seed(counted, "ldq", "before SFT")
    for row in written:
        gaps = gap_by_seed(counted, "ldq", row["at"])
        assert numbers(row, "gap", "low", "high") == student(list(gaps.values()))
        if row["place"] != "0":
            changes = student([gaps[seed] - before[seed] for seed in gaps])
            assert numbers(row, "change", "change_low", "change_high") == changes


@pytest.mark.parametrize(("name", "keys"), [("depth", ["depth"]), ("domains", ["domain"]), ("families", ["task"])])
def test_scores_taken_apart_stand_beside_their_format_share(made, name, keys):
    arms, out = made
    counted = cells(arms)
    written = table(out, name)
    assert len(written) > 10
    for row in written:
        held_out = row.get("held_out") == "True"
        parts = [
            [r for r in rows if is_counted(r, held_out=held_out) and all(str(r[key]) == row[key] for key in keys)]
            for rows in counted[row["pretrain"], row["sft"]].values()
        ]
        assert float(row["accuracy"]) == pytest.approx(mean(map(share, parts)))
        assert float(row["format"]) == pytest.approx(mean(share(part, "well_formed") for part in parts))


def test_cost_counts_every_artifact_once(made):
    arms, out = made
    every = {stage.folder: stage for arm in arms for stage in arm.stages.values()}
    total = next(row for row in table(out, "cost") if row["seed"] == "-1")
    assert float(total["seconds"]) == pytest.approx(sum(stage.wall_seconds for stage in every.values()))
    assert float(total["flops"]) == pytest.approx(sum(stage.ledger.flops for stage in every.values()))
    assert len(table(out, "artifacts")) == len(every)


def test_best_cell_of_the_answer_is_the_best_of_the_rows(made):
    arms, out = made
    scores = {
        point: mean(share([r for r in rows if is_counted(r)]) for rows in seeds.values())
        for point, seeds in cells(arms).items()
    }
    best = max(scores, key=scores.get)
    assert f"{scores[best]:.1f} %" in (out / "report.json").read_text()
    assert best == ("ldq", "shq") or best[1] != "before SFT"
