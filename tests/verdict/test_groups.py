"""Which families and which controls a claim is about."""

import pandas as pd
import pytest
from simulated import checkpoint, claim, claims

from pipeline.core.errors import UserError
from pipeline.verdict.groups import choose, families_of
from pipeline.verdict.rows import row_of
from pipeline.verdict.verdict import judge_all

FOURTEEN, FOUR = frozenset("abcdefghijklmn"), frozenset("abcd")
ASKED = FOURTEEN | {"odd"}


def test_families_follow_from_the_corpora_that_the_sides_do_not_share():
    broad, narrow = {"pretrain:ldq": FOURTEEN}, {"pretrain:shq": FOUR}
    assert families_of("shared", [broad, narrow], ASKED, "C") == FOUR
    assert families_of("neither", [broad, narrow], ASKED, "C") == {"odd"}
    tuned = [{**broad, "sft:shq": FOUR}, {**broad, "sft:ldq": FOURTEEN}]
    assert families_of("shared", tuned, ASKED, "C") == FOUR  # the pretraining is the same


def test_a_side_without_a_corpus_of_its_own_is_refused():
    with pytest.raises(UserError, match="a side has none of its own"):
        families_of(
            "shared", [{"pretrain:ldq": FOURTEEN, "pretrain:shq": FOUR}, {"pretrain:ldq": FOURTEEN}], ASKED, "C"
        )


def with_control(measured, share, count=20):
    """The same eval with a second suite, which asks instructions and families once more."""
    rows = pd.read_parquet(measured.rows)
    more = [
        rows.iloc[[0]].assign(
            suite="more", task=task, problem=f"{task}-{index}", lookup=task == "instruct",
            well_formed=index < share * count, correct=False,
        )
        for task in ("instruct", "a")
        for index in range(count)
    ]  # fmt: skip
    pd.concat([rows, *more]).to_parquet(measured.rows)
    return measured


def test_controls_of_other_suites_are_asked_by_name_and_count_in_nothing_else(tmp_path):
    results = [
        with_control(checkpoint(tmp_path, name, seed, {"a": 0.5 + seed / 20}), share)
        for name, share in (("ldq", 0.9), ("none", 0.4))
        for seed in range(2)
    ]
    config = claims(F=claim(group="family instruct", metric="format"), A=claim())
    found = {each.name: row_of(each) for each in judge_all(config, results)}
    assert found["F"]["effect"] == pytest.approx(50.0)
    assert found["A"]["effect"] == pytest.approx(0.0)  # of the first suite alone: the second is wrong throughout


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("group", "problems"), [("domain math", ["1"]), ("trained", ["1", "2"]), ("held_out", ["3"])])
def test_a_group_leaves_out_look_ups_and_holds_families_apart(group, problems):
    domains, held_out = ["general", "math", "code", "math"], [False, False, False, True]
    values = pd.DataFrame(
        {"problem": list("0123"), "domain": domains, "held_out": held_out, "lookup": [True, False, False, False]}
    )
    assert list(choose(values, group, None)["problem"]) == problems
