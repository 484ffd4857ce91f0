"""Advice from surfaces whose best is known."""

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.verdict.advice import advise, divisions
from pipeline.verdict.advice_config import Asked
from pipeline.verdict.left_out import cross_validate
from pipeline.verdict.surface import Observation, features, fit

TRAITS = {"ldq": {"diversity": 1.0, "quality": 0.0}, "shq": {"diversity": 0.0, "quality": 1.0}}
ARMS = [("ldq", "ldq", share) for share in (0, 0.25, 0.5, 0.75, 1)] + [
    (early, late, share) for early, late in (("ldq", "shq"), ("shq", "ldq")) for share in (0.25, 0.5, 0.75)
]


def score(early, late):
    """The best: 0.6 early, all of it diverse, all that is late clean."""
    share = sum(early.values())
    return 60 * share - 50 * share**2 + 8 * early.get("ldq", 0) + 6 * late.get("shq", 0)


def observed(noise=0.0, seeds=4, arms=ARMS, truth=score, draw=0):
    rng = np.random.default_rng(draw)
    found = []
    for seed in range(seeds):
        level = 10.0 * seed
        for early, late, share in arms:
            shares = ({early: share} if share else {}), ({late: 1 - share} if share < 1 else {})
            found.append(
                Observation(
                    arm=f"{early} {late} {share}", block=f"seed {seed}", early=shares[0], late=shares[1],
                    score=level + truth(*shares) + rng.normal(0, noise),
                )
            )  # fmt: skip
    return found


def asked(**fields):
    return Asked.model_validate({"pools": {"ldq": "1M", "shq": "1M"}, "budget": "1M", "max_repetitions": 1} | fields)


def test_a_surface_without_noise_is_found_exactly_and_traits_that_go_together_are_named():
    surface = fit(observed(), TRAITS)
    assert surface.aliased == ("early quality", "late quality")  # with two corpora quality is what diversity is not
    assert surface.noise == pytest.approx(0.0, abs=1e-6)
    rows = surface.rows([{"ldq": 0.5}, {"ldq": 1.0}], [{"shq": 0.5}, {}])
    gain = float((rows[0] - rows[1]) @ surface.coefficients)
    assert gain == pytest.approx(score({"ldq": 0.5}, {"shq": 0.5}) - score({"ldq": 1.0}, {}))


def test_the_best_division_is_found_and_is_sure():
    found = advise(asked(), fit(observed(noise=0.3), TRAITS))
    assert found.best.share_early == pytest.approx(0.6, abs=0.051)
    assert found.best.early["ldq"] == pytest.approx(found.best.share_early)
    assert found.best.late["shq"] == pytest.approx(1 - found.best.share_early)
    assert found.near_best > 0.95
    assert found.early[0] <= found.best.share_early <= found.early[1]
    mean, low, high = found.gains["all early"]
    truth = score({"ldq": 0.6}, {"shq": 0.4}) - score({"ldq": 1.0}, {})
    assert low - 1 < truth < high + 1
    assert low < mean < high


def test_what_is_said_to_be_gained_holds_as_often_as_the_interval_says():
    held = []
    for draw in range(20):
        found = advise(asked(), fit(observed(noise=4.0, seeds=3, draw=draw), TRAITS), seed=draw)
        gain = score(found.best.early, found.best.late) - score({"ldq": 1.0}, {})  # the best of all early is ldq
        _, low, high = found.gains["all early"]
        held.append(low <= gain <= high)
    assert sum(held) >= 17  # 95 % of 20; fewer than 17 once in sixty such tests


def test_noise_makes_it_less_sure():
    quiet, loud = (advise(asked(), fit(observed(noise=noise), TRAITS)) for noise in (0.5, 8.0))
    assert loud.near_best < quiet.near_best
    assert loud.early[1] - loud.early[0] > quiet.early[1] - quiet.early[0]


def test_a_small_pool_is_not_read_more_often_than_allowed():
    for each in divisions(asked(pools={"ldq": "1M", "shq": "100k"}, max_repetitions=2), fit(observed(0.1), TRAITS)):
        assert each.early["shq"] + each.late["shq"] <= 0.2 + 1e-9


def test_the_next_arm_lies_where_the_data_are_silent():
    few = [arm for arm in ARMS if arm[2] <= 0.5]
    surface = fit(observed(noise=2.0, arms=few), TRAITS)
    found = advise(asked(), surface)
    assert found.next_arm.share_early > 0.7
    assert 0 < found.learns < 1


def test_arms_left_out_are_foreseen_better_than_by_the_mean():
    check = cross_validate(observed(noise=1.0), TRAITS)
    assert check.arms == len(ARMS)
    assert check.error < 0.5 * check.error_without


def test_a_surface_that_is_not_there_foresees_nothing():
    checks = []
    for draw in range(5):
        rng = np.random.default_rng(draw)
        checks.append(cross_validate(observed(truth=lambda *_, rng=rng: rng.normal(0, 5)), TRAITS))
    assert np.mean([check.error for check in checks]) > 0.9 * np.mean([check.error_without for check in checks])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pools": {"ldq": "1M", "gsm": "1M"}}, "does not know pool 'gsm'; choose from ldq, shq"),
        ({"pools": dict.fromkeys("abcd", "1M")}, "4 pools; give at most 3"),
    ],
)
def test_pools_that_nothing_is_known_of_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        divisions(asked(**change), fit(observed(0.1), TRAITS))


def test_a_budget_beyond_the_pools_is_refused():
    with pytest.raises(
        ValidationError, match="pools of 300000 tokens read 2 times are less than the budget of 1000000"
    ):
        asked(pools={"ldq": "200k", "shq": "100k"}, max_repetitions=2)


def test_too_few_arms_are_no_surface():
    with pytest.raises(UserError, match="2 results of 2 arms are too few"):
        fit(observed(seeds=1, arms=ARMS[:2]), TRAITS)


def test_a_corpus_without_traits_is_named():
    with pytest.raises(UserError, match="do not know corpus 'hqb'"):
        features({"hqb": 1.0}, {}, TRAITS)
