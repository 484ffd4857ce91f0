"""What no eval of a sweep could ask, on the page."""

import json
from types import SimpleNamespace

from pipeline.report.unasked import unasked, unasked_table


def test_each_that_is_missing_is_a_row_with_how_many_evals_lack_it(tmp_path):
    summaries = [
        {"missing": {"g": "no file"}, "benchmarks": {"h": {"missing": {"hellaswag": "no data"}, "tasks": {}}}},
        {"missing": {"g": "no file"}},
        {},
    ]
    models = [SimpleNamespace(evaluation=None)]
    for number, summary in enumerate(summaries):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps(summary))
        models.append(SimpleNamespace(evaluation=SimpleNamespace(folder=folder)))
    frame = unasked(models)
    assert frame.to_numpy().tolist() == [["g", "all", "no file", 2], ["h", "hellaswag", "no data", 1]]
    assert [[cell.text for cell in row] for row in unasked_table(frame).rows] == [
        ["g", "all", "no file", "2"],
        ["h", "hellaswag", "no data", "1"],
    ]
    assert unasked(models[:1]).empty
