"""That nothing asked was trained on: counted in documents and rows, and said when it is not so."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from report_arms import TRAINED, arm, structure, write_documents

from pipeline.report.splits import HELD_OUT, overlap_says, overlap_table, overlaps

MARKS = {"sums": "Cw", "walks": "C", "lookup": "w"}


@pytest.fixture
def results(tmp_path):
    return [arm(tmp_path, "ldq", "shq", MARKS, MARKS, seed) for seed in (0, 1)]


def ask(results, suite, structures):
    """One more suite, whose rows stand behind those of the first."""
    path = results[0].stages["eval:sft"].folder / "rows.parquet"
    rows = pq.read_table(path).to_pandas()
    more = rows.head(len(structures)).assign(suite=suite, structure=structures)
    pd.concat([rows, more]).to_parquet(path)


def test_both_sides_are_counted_by_their_distinct_structures(results):
    frame = overlaps(results).set_index("other")
    assert frame["both"].tolist() == [0, 0]
    assert (frame["one_problems"] == 2 * len(TRAINED)).all() and (frame["one_structures"] == 2).all()
    world = frame.loc["suite world (test)"]
    assert world["other_structures"] == 4
    assert frame.loc[HELD_OUT, "other_structures"] == 1
    assert overlap_says(frame.reset_index()) == (
        "None of the 5 structures that are asked or held out is in a training document."
    )


def test_suites_of_different_splits_are_held_against_each_other(results):
    ask(results, "dev", [structure("dev", "a"), structure("dev", "b")])
    ask(results, "deep", [structure("test", "sums0")])
    frame = overlaps(results)
    pairs = {(one, other): both for one, other, both in zip(frame["one"], frame["other"], frame["both"], strict=True)}
    assert pairs["suite deep (test)", "suite dev (dev)"] == 0
    assert pairs["suite dev (dev)", "suite world (test)"] == 0
    assert ("suite deep (test)", "suite world (test)") not in pairs  # of one split: they may ask the same
    assert len(pairs) == 6


def test_an_overlap_is_counted_and_said(results):
    folder = results[1].stages["curate:base"].folder
    write_documents(folder, [*TRAINED, structure("test", "walks0")])
    frame = overlaps(results)
    assert frame.set_index("other")["both"].to_dict() == {HELD_OUT: 0, "suite world (test)": 1}
    assert overlap_says(frame).startswith("1 structure")
    assert overlap_table(frame).rows[-1][-1].text == "1"


def test_natural_text_has_no_structures_and_no_table(results):
    for each in results:
        write_documents(each.stages["curate:base"].folder, ["", ""], [""])
    assert overlaps(results).empty
