"""The answer's four bars and the board of verdicts: their numbers counted by hand."""

import math

import pandas as pd
import pytest

from pipeline.report.answer import answer
from pipeline.report.board import board
from pipeline.report.standing import standing

NAN = math.nan


def cells(**means):
    """Accuracy by "row_column"; `before` is before SFT."""
    rows = []
    for name, mean in means.items():
        pretrain, _, sft = name.partition("_")
        point = {"pretrain": pretrain, "sft": {"before": "before SFT", "twice": "2x shq"}.get(sft, sft)}
        sure = {"low": mean - 2, "high": mean + 2, "min": NAN, "max": NAN, "seeds": 1}
        rows.append({"metric": "accuracy", "mean": mean, **point, **sure})
    return pd.DataFrame(rows)


def accuracy(seed=0, **means):
    """The same, as one seed's means."""
    frame = cells(**means)
    return frame[["pretrain", "sft"]].assign(seed=seed, value=frame["mean"])


GRID = {
    "none_before": 1.0, "none_shq": 5.0, "none_ldq": 9.0, "none_twice": 50.0,
    "ldq_before": 20.0, "ldq_shq": 22.0, "ldq_ldq": 26.0,
    "shq_before": 10.0, "shq_shq": 12.0, "shq_ldq": 20.0,
    "hqb_before": 99.0, "hqb_shq": 99.0,
}  # fmt: skip


def test_the_four_numbers_are_means_over_the_cells_that_all_four_places_have():
    found = standing(accuracy(**GRID))
    assert (found.pretrain_mixes, found.sft_mixes) == (("ldq", "shq"), ("shq", "ldq"))
    assert [value for _, value in found.bars] == [1.0, 7.0, 15.0, 20.0]
    assert "2 pretrain mixes (ldq, shq) and 2 SFT mixes (shq, ldq)" in found.over
    assert found.over.endswith("interval.")


def test_the_four_numbers_are_of_the_seeds_that_have_all_their_cells():
    half = accuracy(seed=1, none_before=90.0, ldq_before=90.0, none_twice=90.0)
    double = accuracy(seed=2, **{name: 2 * mean for name, mean in GRID.items() if name != "none_twice"})
    found = standing(pd.concat([accuracy(**GRID), half, double]))
    assert [value for _, value in found.bars] == [1.5, 10.5, 22.5, 30.0]
    assert found.over.endswith("interval. Left out, as they lack points: seed 1.")


@pytest.mark.parametrize("lacking", ["none_before", "none_shq none_ldq", "ldq_before shq_before hqb_before"])
def test_without_one_of_the_four_places_there_are_no_bars(lacking):
    assert standing(accuracy(**{name: mean for name, mean in GRID.items() if name not in lacking.split()})) is None


def test_the_answer_begins_with_the_four_numbers_and_says_plainly_that_nothing_is_decided():
    verdicts = pd.DataFrame(
        {
            "claim": ["C1", "C2"],
            "verdict": ["undecided", "not run"],
            "primary": [True, False],
            "says": "",
            "effect": 1.0,
        }
    )
    first, second, _ = answer(
        [], cells(**GRID), pd.DataFrame({"metric": []}), 12.5, verdicts, standing(accuracy(**GRID))
    )
    assert first.startswith("With reasoning data in neither pretraining nor SFT 1.0 % of the problems are solved, ")
    assert "with it in SFT only 7.0 %, in pretraining only 15.0 %, in both 20.0 %; the best of all is" in first
    assert first.endswith("Giving each family's most common answer would score 12.5 %.")
    assert second == "None of the 2 claims (1 primary) is decided yet, 1 of them not judged at all."


def verdict(claim, effect, low, high, paper, **more):
    return {"claim": claim, "says": f"says {claim}", "verdict": "supported", "primary": True, "metric": "accuracy"} | {
        "effect": effect, "low": low, "high": high, "paper": paper, **more
    }  # fmt: skip


def test_the_boards_scale_holds_effects_and_papers_and_cuts_off_what_is_wider():
    frame = pd.DataFrame(
        [
            verdict("C1", 10.0, -300.0, 30.0, -50.0),
            verdict("C2", NAN, NAN, NAN, 4.0, verdict="not run", primary=False),
            verdict("C5", 0.013, NAN, NAN, NAN, metric="bits_per_byte", primary=False),
        ]
    )
    found = board(frame)
    (first,) = found.primary
    assert (first.effect_at, first.paper_at) == (
        pytest.approx(50 + 50 * 10 / 56, abs=0.01),
        pytest.approx(5.36, abs=0.01),
    )
    assert (first.low_at, first.high_at) == (0.0, pytest.approx(76.79, abs=0.01))
    assert (first.ours, first.paper, first.verdict) == ("+10.0 [-300.0,\u00a0+30.0]", "-50.0", "✓ supported")
    assert [(line.ours, line.effect_at) for line in found.others] == [("", None), ("+0.013", None)]
    assert found.others_say == "2 exploratory claims: 1 supported, 1 not judged"
    assert [text for text, _ in found.marks] == ["-40", "-20", "0", "+20", "+40"]
    assert dict(found.marks)["0"] == 50.0


def test_no_board_without_a_number():
    assert board(pd.DataFrame([verdict("C1", NAN, NAN, NAN, NAN)])) is None
