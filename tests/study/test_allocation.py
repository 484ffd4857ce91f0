"""A fixed amount of reasoning data, divided: the same tokens in every arm, only when differs."""

import pytest
from pydantic import ValidationError

from pipeline.study.config.allocation import allocate
from pipeline.study.config.arm_names import arm_name
from pipeline.study.graph import arm_graph

RAW = {
    "allocation": {"base_tokens": "1000", "reasoning_tokens": "400", "early": 0.25},
    "phases": {"trunk": {"tokens": "500"}, "branch": {"tokens": "1", "decay": 0.3}, "dropped": None},
    "sft": {"loss_tokens": "7"},
}


def divided(**changes):
    return allocate({**RAW, "allocation": {**RAW["allocation"], **changes}})


@pytest.mark.parametrize(("early", "tokens", "sft"), [(0, 1000, 400), (0.25, 1100, 300), (1, 1400, 0)])
def test_what_is_not_early_comes_in_sft(early, tokens, sft):
    found = divided(early=early)
    branch = found["phases"]["branch"]
    assert (branch["tokens"], found["sft"]["tokens"]) == (tokens, sft)
    assert branch["reasoning"] * branch["tokens"] == pytest.approx(400 * early)
    assert list(found["phases"]) == ["trunk", "branch"]


def test_the_late_part_may_be_a_last_phase_at_pretrainings_rate():
    found = divided(late="pretrain")
    assert found["sft"]["tokens"] == 0
    assert found["phases"]["branch"]["decay"] == 0
    late = {"tokens": 300, "reasoning": 1.0, "decay": 1.0, "reasoning_of": "sft_mix"}
    assert found["phases"]["late"] == late


def test_another_phase_may_not_hold_a_share_too():
    phases = {"trunk": {"tokens": "500", "reasoning": 0.1}, "branch": {"tokens": "1"}}
    with pytest.raises(ValueError, match=r"gives phases.branch its reasoning share, and phases.trunk has one too"):
        allocate({**RAW, "phases": phases})


def test_a_share_is_a_share():
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        divided(early=1.2)


def test_arms_that_end_with_pretraining_have_no_sft(study):
    whole = study("recipe=divided", "allocation.early=1")
    graph = arm_graph(whole)
    assert list(graph)[-1] == "eval:pretrain"
    assert arm_name(whole) == "ldq"
    phase = study("recipe=divided", "allocation.late=pretrain", "sft_mix=shq")
    mix = arm_graph(phase)["mix:late"].literals["config"]
    assert mix["weights"] == {"shq": 1.0}
    half = arm_graph(study("recipe=divided"))["mix:sft"].literals["config"]
    assert (half["unit"], half["budget"]) == ("tokens", 650_000)
