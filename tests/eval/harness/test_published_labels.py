"""Model solutions that others have judged: our scorer and the harness's say what the published labels say.

`gsm8k_model_solutions.jsonl`: 18 questions of GSM8K's test set with the four solutions that its authors published for
each (6B and 175B models, finetuned and verified), and their `is_correct`: grade_school_math/data/
example_model_solutions.jsonl of github.com/openai/grade-school-math, MIT licence, (c) 2021 OpenAI. Cobbe et al. 2021,
arXiv:2110.14168.
"""

import json
from pathlib import Path

import orjson
import pandas as pd
import pytest

from pipeline.eval.stored import score_stored
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.suite import Gsm8kSuite, Suite

ROWS = [json.loads(line) for line in Path(__file__).with_name("gsm8k_model_solutions.jsonl").read_text().splitlines()]
TASK = {"dataset": "openai/gsm8k", "metric": "exact_match", "filter": "flexible-extract", "num_fewshot": 0}
SUITES = (
    Suite(name="ours", gsm8k=Gsm8kSuite(path="gsm8k/test.jsonl", num_problems=len(ROWS))),
    Suite(name="harness", harness=HarnessSuite.model_validate({"tasks": {"gsm8k": TASK}})),
)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Rows and summary of all 72 solutions under both suites."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "gsm8k").mkdir()
    problems = [json.dumps({"question": row["question"], "answer": f"#### {row['answer']}"}) for row in ROWS]
    for split in ("train", "test"):
        (folder / f"gsm8k/{split}.jsonl").write_text("\n".join(problems) + "\n")
    file = folder / "solutions.jsonl"
    file.write_text(
        "".join(
            json.dumps({"task": "gsm8k", "question": row["question"], "completion": text, "label": label}) + "\n"
            for row in ROWS
            for label, text in row["solutions"]
        )
    )
    score_stored(SUITES, file, study_key="k", data_root=folder, out=folder, advance=int)
    return pd.read_parquet(folder / "rows.parquet"), orjson.loads((folder / "summary.json").read_bytes())


def test_every_verdict_is_the_published_label(scored):
    rows, summary = scored
    assert len(rows) == 2 * 72
    wrong = rows[rows["correct"] != rows["label"]]
    assert wrong[["suite", "line", "answer", "gold"]].to_dict("records") == []
    for task in summary["tasks"]:
        assert (task["labels"], task["agree"], task["unknown"]) == (72, 72, [])
        assert task["disagree"] == {"right_by_us": [], "right_by_label": []}


def test_the_answer_is_read_where_the_solution_says_it(scored):
    """Each ends in `A: NUMBER` but the one that was cut, whose last number is what is read."""
    rows = scored[0][scored[0]["suite"] == "ours"].set_index("line")
    texts = [text for row in ROWS for _, text in row["solutions"]]
    said = [text.rpartition("A: ")[2].replace(",", "") if "A: " in text else "1" for text in texts]
    assert rows.loc[range(1, 73), "answer"].tolist() == said
