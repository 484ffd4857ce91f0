"""The ETA: work over workers, but never less than the longest chain; measured times replace the first guess."""

import pytest

from pipeline.study.graph import arm_graph
from pipeline.study.nodes.node import Node
from pipeline.study.run.estimate import Estimate
from pipeline.study.terminal import format_left, format_seconds


def node(label, work, *parents, kind="mix"):
    named = {parent.label: parent for parent in parents}
    return Node(
        kind=kind, stage=kind, label=label, version="1", literals={"of": label}, parents=named, seed=0, work=work
    )


def test_workers_share_the_work_but_not_a_chain():
    first = node("first", 10.0)
    second = node("second", 10.0, first)
    others = [node(f"other{number}", 10.0) for number in range(4)]
    assert Estimate().left([first, second, *others], {}, num_workers=2) == 30.0
    assert Estimate().left([first, second], {}, num_workers=2) == 20.0
    assert Estimate().left([first, second], {first.fingerprint: 0.5}, num_workers=2) == 15.0
    assert Estimate().left([], {}, num_workers=2) == 0.0


def test_what_was_seen_of_a_kind_replaces_the_guess_for_that_kind_only():
    estimate = Estimate()
    estimate.learn(node("seen", 10.0), 20.0)
    assert estimate.seconds(node("next", 10.0)) == 20.0
    assert estimate.seconds(node("other", 10.0, kind="eval")) == 10.0


def test_one_stage_that_took_far_too_long_does_not_set_the_pace():
    estimate = Estimate()
    for seconds in (20.0, 340.0, 22.0, 21.0):
        estimate.learn(node("seen", 10.0), seconds)
    estimate.learn(node("tiny", 0.0), 5.0)
    assert estimate.seconds(node("next", 10.0)) == 21.0


def test_the_first_guess_for_the_tunnel_is_a_matter_of_minutes(study):
    seconds = Estimate().left(arm_graph(study("recipe=tunnel")).values(), {}, num_workers=1)
    assert 120 < seconds < 900


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (250, "4 min 10 s"), (7500, "2 h 5 min")],
)
def test_times_as_people_say_them(seconds, said):
    assert format_seconds(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(1, "a few seconds"), (41, "about 40 s"), (700, "about 12 min")])
def test_estimates_are_no_more_exact_than_they_can_be(seconds, said):
    assert format_left(seconds) == said
