"""A sweep's points: its product, its single points, and what the command line adds."""

import pytest

from pipeline.core.errors import UserError
from pipeline.study.config.schema import Sweep
from pipeline.study.config.sweep import command_of, compose_arms, points

SWEEP = Sweep(
    name="two", axes={"pretrain_mix": ["none", "ldq"], "sft_mix": ["shq"]}, also=[{"sft_mix": "shq", "sft.passes": 2}]
)


def test_points_are_the_product_and_then_the_single_ones():
    assert points(SWEEP, ["recipe=smoke"]) == [
        ("recipe=smoke", "pretrain_mix=none", "sft_mix=shq"),
        ("recipe=smoke", "pretrain_mix=ldq", "sft_mix=shq"),
        ("recipe=smoke", "sft_mix=shq", "sft.passes=2"),
    ]


def test_seeds_on_the_command_line_multiply_every_point():
    seeds = [point[-1] for point in points(SWEEP, ["seed=range(0,2)"])]
    assert sorted(seeds) == ["seed=0", "seed=0", "seed=0", "seed=1", "seed=1", "seed=1"]


def test_a_value_on_the_command_line_replaces_the_sweeps_axis():
    assert points(SWEEP, ["pretrain_mix=lmq"]) == [
        ("pretrain_mix=lmq", "sft_mix=shq"),
        ("pretrain_mix=lmq", "sft_mix=shq", "sft.passes=2"),
    ]


def test_a_bad_point_is_named_before_any_runs():
    bad = [("recipe=smoke",), ("recipe=smoke", "sequence_length=9999")]
    with pytest.raises(UserError, match=r"sweep point \[recipe=smoke sequence_length=9999\]"):
        compose_arms(bad)


def test_an_arms_command_repeats_it_alone_on_the_sweeps_recipe(study):
    arm = study("sweep=smoke", "seed=1")
    assert command_of(("sweep=smoke", "seed=1", "sft_mix=shq"), arm) == "frontload recipe=smoke seed=1 sft_mix=shq"
