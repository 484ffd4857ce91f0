"""Sampled answers on the page: pass@k, the majority, the crossover, and what became of programs; counted by hand."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_arms import stage
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.report.checkpoints import checkpoints
from pipeline.report.results import ArmResult
from pipeline.report.sampled import crossings, passes
from pipeline.report.sandbox import sandbox_runs, sandbox_table
from pipeline.report.tables.sampled import crossing_table, pass_table
from pipeline.study.config.schema import Context
from pipeline.study.results.crossover import show_crossover

BASE = {"suite": "world", "task": "story", "held_out": False, "lookup": False, "kind": "sample"}


def write(folder, rows):
    pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), folder / "rows.parquet")


def found(**stages):
    """The checkpoints of one arm with these evals."""
    names = {f"eval:{name}": each for name, each in stages.items()}
    more = {"pretrain_mix": "ldq", "sft_mix": "shq", "overrides": {}, "seed": 0, "command": "", "missing": ()}
    return checkpoints([ArmResult(name="ldq > shq", stages=names, **more)])


def answers(letters, **more):
    """One problem a word, one sample a letter: C right (answer 1), w wrong (answer 2), x no answer."""
    return [
        BASE
        | {"problem": f"p{number}", "sample": sample, "correct": letter == "C"}
        | {"answer": {"C": "1", "w": "2", "x": None}[letter]}
        | more
        for number, word in enumerate(letters)
        for sample, letter in enumerate(word, start=1)
    ]


@pytest.fixture
def models(tmp_path):
    """Before SFT: half of the problems always. After it: each in one of four."""
    before, after = stage(tmp_path, "eval:pretrain", "ldq"), stage(tmp_path, "eval:sft", "ldq > shq")
    skipped = answers(["CCCC"], held_out=True) + answers(["CCCC"], lookup=True) + answers(["CCCC"], kind="greedy")
    write(before.folder, [*answers(["CCCC", "xxxx"]), *skipped])
    write(after.folder, answers(["Cwwx", "xCxx"]))
    return found(pretrain=before, sft=after)


def test_pass_at_k_and_majority_are_those_of_the_rows(models):
    frame = passes(models)
    assert frame["checkpoint"].tolist() == ["ldq"] * 3 + ["ldq > shq"] * 3
    assert frame["k"].tolist() == [1, 2, 4] * 2
    assert frame["pass_at_k"].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.25, 0.5, 1.0])
    assert frame["majority"].tolist() == [0.5] * 3 + [0.5] * 3  # w twice; and C, the only one
    assert [cell.text for cell in pass_table(frame).rows[1]][3:] == ["2", "4", "25.0", "50.0", "100.0", "50.0"]


def test_the_crossover_is_where_the_broad_one_overtakes(models):
    frame = crossings(models)
    assert frame[["first", "second", "problems", "k", "last"]].values.tolist() == [["ldq", "ldq > shq", 2, 3, 4]]
    assert frame[["first_gap", "last_gap"]].values.tolist() == [pytest.approx([0.25, -0.5])]
    assert "3" in [cell.text for cell in crossing_table(frame).rows[0]]


def test_the_command_says_it_of_two_folders(models, tmp_path):
    class Study:
        context = Context(between=tuple(model.evaluation.folder for model in models))

    console = Console(record=True, width=200)
    show_crossover([((), Study)], console)
    assert "world, 2 problems: they change places at k = 3" in console.export_text()
    Study.context = Context(between=(tmp_path, tmp_path))
    with pytest.raises(UserError, match=r"has no rows.parquet; give the folder of an eval"):
        show_crossover([((), Study)], console)
    Study.context = Context(between=(tmp_path,))
    with pytest.raises(UserError, match="between= names 1"):
        show_crossover([((), Study)], console)


def test_without_samples_there_is_nothing_to_show(tmp_path):
    before = stage(tmp_path, "eval:pretrain", "ldq")
    write(before.folder, answers(["C"], kind="greedy"))
    models = found(pretrain=before)
    assert passes(models).empty
    assert crossings(models).empty
    assert sandbox_runs(models).empty


def test_programs_are_counted_by_what_became_of_them(tmp_path):
    before = stage(tmp_path, "eval:pretrain", "ldq")
    tried = [[], ["open '/a'", "open '/b'"], ["open '/a'", "os.fork"]]
    ran = zip(("passed", "passed", "blocked"), tried, strict=True)
    rows = [BASE | {"problem": "p", "kind": "benchmark", "outcome": outcome, "tried": each} for outcome, each in ran]
    write(before.folder, [*rows, BASE | {"problem": "q"}])
    frame = sandbox_runs(found(pretrain=before))
    (row,) = frame.to_dict("records")
    assert (row["runs"], row["passed"], row["blocked"], row["tried"]) == (3, 2, 1, 2)
    assert row["attempts"] == "open 2, os.fork 1"
    assert sandbox_table(frame).rows[0][-1].text == "open 2, os.fork 1"
