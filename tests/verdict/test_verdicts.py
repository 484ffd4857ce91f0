"""Verdicts on scores whose truth is known."""

import orjson
import pandas as pd
import pytest
from simulated import arms, checkpoint, claim, claims, source, use

from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.verdict.planning import plans
from pipeline.verdict.rows import COLUMNS, row_of
from pipeline.verdict.scores import guess_values
from pipeline.verdict.verdict import judge_all, verdict

FAR = [0.9, 0.8, 0.85, 0.9, 0.8]
NEAR = [0.2, 0.15, 0.2, 0.1, 0.2]


def judged(config, results, pilots=()):
    return {each.name: row_of(each) for each in judge_all(config, results, pilots)}


@pytest.mark.parametrize(
    ("expects", "verdict"),
    [
        ("above", "supported"),
        ("below", "contradicted"),
        ("same", "contradicted"),
        ("not above", "contradicted"),
        ("not below", "supported"),
    ],
)
def test_a_large_effect_is_told_by_its_sign(expects, verdict, tmp_path):
    row = judged(claims(C=claim(expects=expects)), arms(tmp_path, ldq=FAR, none=NEAR))["C"]
    assert row["verdict"] == verdict
    assert row["effect"] == pytest.approx(68.0)
    assert row["low"] < 68 < row["high"]
    assert row["seeds"] == 5
    assert row["needs_seeds"] is None


@pytest.mark.parametrize(
    ("expects", "verdict"),
    [
        ("above", "no difference within the margin"),
        ("below", "no difference within the margin"),
        ("same", "supported"),
        ("not above", "supported"),
        ("not below", "supported"),
    ],
)
def test_small_differences_that_are_well_known_are_none(expects, verdict, tmp_path):
    level = [0.5, 0.55, 0.5, 0.6, 0.5, 0.45, 0.5, 0.5]
    other = [0.5, 0.55, 0.55, 0.6, 0.45, 0.45, 0.5, 0.5]  # two of eight seeds differ, by one problem each way
    row = judged(claims(C=claim(expects=expects)), arms(tmp_path, ldq=level, none=other))["C"]
    assert row["effect"] == pytest.approx(0.0)
    assert row["verdict"] == verdict


def test_noise_is_undecided_and_says_how_many_seeds_would_do(tmp_path):
    row = judged(claims(C=claim()), arms(tmp_path, ldq=[0.5, 0.7, 0.4], none=[0.4, 0.5, 0.5]))["C"]
    assert row["verdict"] == "undecided"
    assert row["needs_seeds"] > 5


def test_one_seed_is_no_verdict(tmp_path):
    row = judged(claims(C=claim()), arms(tmp_path, ldq=[0.9], none=[0.1]))["C"]
    assert (row["verdict"], row["low"], row["p_holm"]) == ("undecided", None, None)
    assert "1 seed:" in row["note"]


def test_seeds_without_spread_are_no_verdict(tmp_path):
    row = judged(claims(C=claim()), arms(tmp_path, ldq=[0.9, 0.9, 0.9], none=[0.1, 0.1, 0.1]))["C"]
    assert (row["verdict"], row["effect"], row["low"]) == ("undecided", pytest.approx(80.0), None)
    assert "no spread: all 3 seeds" in row["note"]


def test_what_was_not_measured_is_not_run(tmp_path):
    row = judged(claims(C=claim(), R=claim("a > b > rl - c", after="rl")), arms(tmp_path, ldq=FAR))
    assert [row[name]["verdict"] for name in "CR"] == ["not run", "not run"]
    assert "no RL stage" in row["R"]["note"]


def test_only_common_seeds_are_paired(tmp_path):
    row = judged(claims(C=claim()), arms(tmp_path, ldq=FAR, none=NEAR[:3]))["C"]
    assert row["seeds"] == 3


def test_every_part_of_an_order_must_hold(tmp_path):
    results = arms(tmp_path, a=FAR, b=[0.5, 0.5, 0.45, 0.5, 0.4], c=NEAR)
    row = judged(
        claims(up=claim(["a - b", "b - c"]), wrong=claim(["a - b", "c - b"]), open=claim(["a - b", "b - d"])),
        [*results, *arms(tmp_path, d=[0.5, 0.4, 0.5, 0.45, 0.45])],
    )
    assert [row[name]["verdict"] for name in ("up", "wrong")] == ["supported", "contradicted"]
    assert row["up"]["effect"] == pytest.approx(30.0, abs=1.0)  # the step that is furthest from what is said
    assert row["open"]["verdict"] == "undecided"


def test_a_difference_of_differences_takes_the_first_off_the_second(tmp_path):
    results = arms(
        tmp_path, x=[0.3, 0.35, 0.3], y=[0.3, 0.3, 0.35], **{"x > s": [0.8, 0.85, 0.9], "y > s": [0.5, 0.6, 0.55]}
    )
    row = judged(claims(C=claim("(x > s - y > s) - (x - y)", after="both")), results)["C"]
    assert row["effect"] == pytest.approx((30 + 25 + 35) / 3 - (0 + 5 - 5) / 3)


def test_holm_corrects_primary_claims_only(tmp_path):
    noisy = arms(tmp_path, a=[0.6, 0.75, 0.55, 0.8], b=[0.4, 0.4, 0.45, 0.5], c=[0.5, 0.55, 0.4, 0.55])
    alone = judged(claims(P=claim("a - b", primary=True), Q=claim("c - b")), noisy)
    together = judged(claims(P=claim("a - b", primary=True), Q=claim("c - b", primary=True)), noisy)
    assert together["P"]["p_holm"] == pytest.approx(2 * alone["P"]["p_holm"])
    assert together["Q"]["p_holm"] == pytest.approx(max(alone["Q"]["p_holm"], together["P"]["p_holm"]))


def test_a_claim_that_shares_the_correction_is_judged_from_five_seeds_on(tmp_path):
    config = claims(P=claim("a - b", primary=True), Q=claim("a - c", primary=True))
    few, enough = (arms(tmp_path / str(n), a=FAR[:n], b=NEAR[:n], c=NEAR[:n]) for n in (3, 5))
    row = judged(config, few)["P"]
    assert (row["verdict"], row["needs_seeds"]) == ("undecided", 2)
    assert "judged from 5 seeds on" in row["note"]
    assert judged(config, enough)["P"]["verdict"] == "supported"
    assert judged(claims(P=claim("a - b", primary=True)), few)["P"]["verdict"] == "supported"  # nothing to share
    assert plans(config, few)[0][0].needs >= 5


def test_groups_are_judged_apart(tmp_path):
    holds = {"ldq": {"pretrain:ldq": frozenset("ab")}, "shq": {"pretrain:shq": frozenset("a")}}
    shares = {"ldq": {"a": 0.5, "b": 0.9, "odd": 0.1}, "shq": {"a": 0.7, "b": 0.1, "odd": 0.1}}

    def one(name, seed):
        levels = {family: share + 0.05 * seed * (name == "ldq") for family, share in shares[name].items()}
        return checkpoint(tmp_path, name, seed, levels, holds=holds[name])

    results = [one(name, seed) for name in shares for seed in range(2)]
    groups = ["trained", "shared", "neither", "held_out", "every", "family b"]
    row = judged(claims(**{group: claim("ldq - shq", group=group) for group in groups}), results)
    effects = {group: row[group]["effect"] for group in groups}
    expected = {"trained": 30, "shared": -20, "neither": 0, "held_out": 0, "every": 20, "family b": 80}
    assert effects == pytest.approx({group: value + 2.5 for group, value in expected.items()})


def test_a_group_taken_off_another_compares_their_gains(tmp_path):
    results = [
        checkpoint(tmp_path, name, seed, {"a": gain, "z": 2 * gain + seed * extra / 20})
        for name, gain, extra in (("ldq", 0.4, 1), ("none", 0.1, 0))
        for seed in range(2)
    ]
    row = judged(claims(C=claim(group="domain science", against="domain math")), results)["C"]
    assert row["effect"] == pytest.approx(30 + 2.5)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("domain law", "no problem of group 'domain law'; eval asks families a of domains math"),
        ("shared", "a side has none of its own"),
        ("best", "there is no group 'best'"),
    ],
)
def test_a_group_that_cannot_be_had_is_named(group, message, tmp_path):
    with pytest.raises(UserError, match=message):
        judged(claims(C=claim(group=group)), arms(tmp_path, ldq=FAR, none=NEAR))


def test_bits_per_byte_are_compared_as_they_are(tmp_path):
    results = [
        checkpoint(tmp_path, name, seed, {"a": 0.5}, bits=bits + seed / 1000)
        for name, bits in (("ldq", 1.3), ("none", 1.1))
        for seed in range(2)
    ]
    results[1] = checkpoint(tmp_path, "ldq", 1, {"a": 0.5}, bits=1.32)
    row = judged(claims(C=claim(metric="bits_per_byte", matters=0.02)), results)["C"]
    assert (row["effect"], row["unit"]) == (pytest.approx(0.2095), "bits per byte")


def trained(key, tokens, corpus, passes=1.0, device="cpu", name=""):
    return use(key, tokens=tokens, sources={corpus: source(tokens, passes)}, device=device, fingerprint=f"{key}{name}")


def test_what_is_said_to_match_and_does_not_is_refused(tmp_path):
    results = [
        checkpoint(
            tmp_path, name, seed, {"a": level + seed / 20}, stages=(trained("pretrain:b", tokens, "ldq", name=name),)
        )
        for name, level, tokens in (("ldq", 0.5, 1000), ("none", 0.1, 900))
        for seed in range(3)
    ]
    row = judged(claims(C=claim(matched=["tokens"]), D=claim()), results)
    assert row["C"]["verdict"] == "refused: not matched"
    assert "tokens 1000 against 900" in row["C"]["unmatched"]
    assert row["D"]["verdict"] != "refused: not matched"
    assert "tokens 1000 against 900" in row["D"]["unmatched"]
    assert "flops 6000 against 5400" in row["D"]["unmatched"]


def test_differences_that_the_claim_names_are_not_held_against_it(tmp_path):
    results = [
        checkpoint(tmp_path, name, seed, {"a": 0.5}, stages=(trained("pretrain:b", 1000, name, passes, name=name),))
        for name, passes in (("ldq", 1.0), ("none", 8.0))
        for seed in range(2)
    ]
    assert judged(claims(C=claim(matched=["tokens"])), results)["C"]["unmatched"] == ""
    row = judged(claims(C=claim(differs=["data"], matched=["tokens"])), results)["C"]
    assert row["unmatched"] == "repetition 1 against 8"


def test_devices_within_a_seed_are_named_and_between_seeds_are_not(tmp_path):
    def both(devices):
        return [
            checkpoint(
                tmp_path, name, seed, {"a": 0.5}, stages=(trained("pretrain:b", 1000, "x", device=device, name=name),)
            )
            for name, device in devices
            for seed in range(2)
        ]

    assert (
        judged(claims(C=claim()), both([("ldq", "cpu"), ("none", "H200")]))["C"]["unmatched"] == "device H200 and cpu"
    )
    assert judged(claims(C=claim()), both([("ldq", "cpu"), ("none", "cpu")]))["C"]["unmatched"] == ""


def test_unknown_spending_refuses_a_claim_that_says_matched(tmp_path):
    results = [
        checkpoint(tmp_path, name, seed, {"a": 0.5}, missing=("pretrain:trunk",))
        for name in ("ldq", "none")
        for seed in range(2)
    ]
    row = judged(claims(C=claim(matched=["tokens"]), D=claim()), results)
    assert row["C"]["verdict"] == "refused: not matched"
    assert row["D"]["unmatched"] == "spending unknown: no record of pretrain:trunk"


def test_two_arms_under_one_name_are_refused(tmp_path):
    results = [checkpoint(tmp_path / folder, "ldq", 0, {"a": 0.5}) for folder in "xy"]
    object.__setattr__(results[1], "stages", (use(fingerprint="other"),))
    with pytest.raises(UserError, match="'ldq' stands for two arms of the sweep at seed 0"):
        judged(claims(C=claim()), results)


@pytest.mark.parametrize(
    ("best_elsewhere", "golds", "verdict"),
    [
        (0.1, lambda index: str(index % 2), "undecided: at the floor"),  # guessing gives 50 % of both families
        (0.9, lambda index: str(index % 2), "supported"),  # the better arm knows the other family
        (0.1, str, "supported"),  # guessing gives 5 %
    ],
)
def test_below_guessing_a_difference_is_no_verdict(best_elsewhere, golds, verdict, tmp_path):
    shares = {"ldq": [0.45, 0.4, 0.45, 0.4, 0.45], "none": [0.1, 0.15, 0.1, 0.1, 0.1]}
    found = [
        checkpoint(tmp_path, name, seed, {"a": share, "b": best_elsewhere}, golds=golds)
        for name, each in shares.items()
        for seed, share in enumerate(each)
    ]
    row = judged(claims(C=claim()), found)["C"]
    assert row["verdict"] == verdict
    assert ("no checkpoint of it is above guessing" in row["note"]) == (verdict == "undecided: at the floor")


def test_blind_choice_among_few_is_guessing_too(tmp_path):
    made = [checkpoint(tmp_path, "ldq", seed, {"a": 0.3}) for seed in range(2)]
    rows = pd.read_parquet(made[0].rows).assign(chance=0.25)
    rows.to_parquet(made[0].rows)
    assert [guess_values(each)["value"].mean() for each in made] == pytest.approx([25.0, 5.0])


def test_a_verdict_that_turns_at_the_best_rate_depends_on_the_rate(tmp_path):
    common = arms(tmp_path, **{"x > s": FAR, "y > s": NEAR})
    other = [
        checkpoint(tmp_path, name, seed, {"a": share}, rate=1e-3, is_common=False)
        for name, shares in (("x > s", NEAR), ("y > s", FAR))
        for seed, share in enumerate(shares)
    ]

    def pilot(better):
        def level(rate):
            return 0.6 if rate == better else 0.4

        return [
            checkpoint(tmp_path / f"pilots{better}", name, 100, {"a": level(rate)}, rate=rate, is_common=rate == 3e-4)
            for name in ("x > s", "y > s")
            for rate in (3e-4, 1e-3)
        ]

    config = claims(C=claim("x > s - y > s", after="sft"))
    assert judged(config, [*common, *other], pilot(1e-3))["C"]["verdict"] == "depends on the learning rate"
    steady = judged(config, [*common, *other], pilot(3e-4))["C"]
    assert steady["verdict"] == "supported"
    assert "at each cell's best rate (x > s 0.0003, y > s 0.0003): supported" in steady["note"]
    assert judged(config, [*common, *other])["C"]["verdict"] == "supported"
    for pilots, names in ((pilot(3e-4), ["C"]), ([], [])):
        verdict(config, [*common, *other], pilots, out=tmp_path, track=Silent())
        assert orjson.loads((tmp_path / "verdicts.json").read_bytes())["at_best_rates"] == names


def test_the_verb_writes_what_it_found_and_the_claims_hash(tmp_path):
    config = claims(C=claim(primary=True, paper=9.1, note="n"), R=claim("a > b > rl - c", after="rl"))
    verdict(config, arms(tmp_path / "runs", ldq=FAR, none=NEAR), out=tmp_path, track=Silent())
    table = pd.read_parquet(tmp_path / "verdicts.parquet")
    assert list(table.columns) == COLUMNS
    assert list(table["verdict"]) == ["supported", "not run"]
    told = orjson.loads((tmp_path / "verdicts.json").read_bytes())
    assert told["claims_hash"] == config.hash
    assert told["verdicts"][0]["scores"]["4"] == {"ldq": "eldq4None", "none": "enone4None"}
    contrasts = pd.read_parquet(tmp_path / "contrasts.parquet")
    assert contrasts["value"].mean() == pytest.approx(table["effect"][0])


def test_a_plan_reads_the_spread_of_pilots_and_not_their_effect(tmp_path):
    pilots = arms(tmp_path, ldq=[0.5, 0.6, 0.4], none=[0.3, 0.3, 0.3])
    shifted = arms(tmp_path / "up", ldq=[0.8, 0.9, 0.7], none=[0.3, 0.3, 0.3])
    (found,), untold = plans(claims(C=claim(matters=20)), pilots)
    assert untold == []
    assert found.sd == pytest.approx(10.0)
    assert found.needs == 5  # t test, effect 2 sd, two-sided 5 %, power 80 %: tables say 5
    assert found.needs_at_most > found.needs
    assert plans(claims(C=claim(matters=20)), shifted)[0][0].needs == found.needs
    assert plans(claims(C=claim()), arms(tmp_path, ldq=[0.5], none=[0.3]))[1][0].startswith(
        "C: ldq - none: 1 pilot seeds"
    )
