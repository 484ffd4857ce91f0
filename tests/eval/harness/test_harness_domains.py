"""The paper's tables 7 and 8: its benchmarks, grouped by the suites that ask them, give the means that it prints."""

from pathlib import Path

import pytest
import yaml

from pipeline.eval.harness.domains import as_json, group_means

FOLDER = Path(__file__).parents[3] / "recipes" / "benchmarks"
BASE = {  # M_base and M_LMQ
    "arc_challenge": (80.89, 81.83),
    "race": (73.59, 79.43),
    "winogrande": (70.64, 69.38),
    "hellaswag": (77.38, 76.67),
    "gsm8k": (59.74, 85.14),
    "math500": (34.60, 59.60),
    "mmlu": (61.67, 65.42),
    "mmlu_pro": (32.59, 43.56),
    "humaneval": (37.44, 51.68),
    "humaneval_plus": (32.59, 46.28),
    "mbpp": (41.64, 51.47),
    "mbpp_plus": (51.87, 60.97),
}
SFT = {
    "ifeval": (30.59, 49.82),
    "aime24": (8.12, 41.88),
    "aime25": (11.88, 33.12),
    "gsm8k": (81.24, 92.84),
    "math500": (69.90, 90.85),
    "mmlu": (52.14, 73.49),
    "mmlu_pro": (39.45, 55.54),
    "gpqa_diamond": (15.91, 32.20),
    "livecodebench": (10.48, 35.55),
}
PRINTED = [  # suite, rows, column, what tables 1, 4 and 5 say
    ("paper_base", BASE, 0, {"average": 52.70, "math": 47.17, "science": 47.13, "code": 40.89, "general": 75.63}),
    ("paper_base", BASE, 1, {"average": 64.07, "math": 72.37, "science": 54.49, "code": 52.60, "general": 76.83}),
    ("paper_sft", SFT, 0, {"average": 29.92, "math": 42.79, "science": 35.83, "code": 10.48, "instructions": 30.59}),
    ("paper_sft", SFT, 1, {"average": 50.95, "math": 64.67, "science": 53.74, "code": 35.55, "instructions": 49.82}),
]


def groups(suite):
    """Labels by domain, read from the suite and the files of its benchmarks."""
    found = {}
    for label in yaml.safe_load((FOLDER / f"{suite}.yaml").read_text())["harness"]["tasks"]:
        task = yaml.safe_load((FOLDER / f"{label}.yaml").read_text())["harness"]["tasks"][label]
        found.setdefault(task["domain"], []).append(label)
    return found


@pytest.mark.parametrize(("suite", "table", "column", "printed"), PRINTED)
def test_the_paper_s_means_come_out_of_its_benchmarks(suite, table, column, printed):
    means, average = group_means({label: values[column] for label, values in table.items()}, groups(suite))
    assert average.mean == pytest.approx(printed.pop("average"), abs=0.006)
    assert {name: group.mean for name, group in means.items()} == pytest.approx(printed, abs=0.006)
    assert average.is_whole and average.name == "average"


def test_a_mean_over_fewer_is_named_so():
    scores = {"gsm8k": 0.5, "math500": None, "mmlu": 0.3, "mmlu_pro": 0.1}
    asked = {"math": ["gsm8k", "math500"], "science": ["mmlu", "mmlu_pro"], "code": ["humaneval"]}
    means, average = group_means(scores, asked)
    assert (means["math"].name, means["math"].mean, means["math"].missing) == ("math (1 of 2)", 0.5, ("math500",))
    assert (means["science"].name, means["science"].mean) == ("science", pytest.approx(0.2))
    assert (means["code"].name, means["code"].mean) == ("code (0 of 1)", None)
    assert average.name == "average (2 of 3) with math (1 of 2)"
    assert average.mean == pytest.approx(0.35)
    assert as_json(means, average)["average"]["missing"] == ("code",)


def test_nothing_there_is_no_mean():
    _, average = group_means({}, {"math": ["gsm8k"]})
    assert (average.mean, average.name) == (None, "average (0 of 1)")
