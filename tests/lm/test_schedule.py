import pytest
from pydantic import ValidationError

from pipeline.lm.config import Optimizer, Schedule, Training
from pipeline.lm.training.schedule import learning_rate_ratio


def test_the_rate_warms_up_stays_and_decays():
    schedule = Schedule(warmup=0.2, decay=0.4, min_ratio=0.1)
    ratios = [learning_rate_ratio(schedule, progress) for progress in (0, 0.1, 0.2, 0.6, 0.8, 1)]
    assert ratios == pytest.approx([0, 0.5, 1, 1, 0.55, 0.1])


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(kind="constant")])
def test_without_fractions_the_rate_is_constant(schedule):
    assert {learning_rate_ratio(schedule, progress) for progress in (0, 0.5, 1)} == {1.0}


def test_a_constant_rate_warms_up_first():
    schedule = Schedule(kind="constant", warmup=0.5, min_ratio=0.1)
    assert [learning_rate_ratio(schedule, progress) for progress in (0, 0.25, 0.5, 1)] == [0, 0.5, 1, 1]


def test_a_cosine_falls_from_the_end_of_its_warmup_to_its_least():
    schedule = Schedule(kind="cosine", warmup=0.2, min_ratio=0.1)
    ratios = [learning_rate_ratio(schedule, progress) for progress in (0, 0.1, 0.2, 0.4, 0.6, 0.8, 1)]
    quarter = 0.45 * 2**0.5  # cos 45 degrees, of the way from the middle (0.55) to either end
    assert ratios == pytest.approx([0, 0.5, 1, 0.55 + quarter / 2, 0.55, 0.55 - quarter / 2, 0.1])
    assert learning_rate_ratio(Schedule(kind="cosine", warmup=1), 1) == 1


@pytest.mark.parametrize("kind", ["cosine", "constant"])
def test_a_decay_is_refused_where_the_kind_has_none(kind):
    with pytest.raises(ValidationError, match=rf"decay=0.2 belongs to the schedule wsd; leave it out of {kind}"):
        Schedule(kind=kind, decay=0.2)


@pytest.mark.parametrize("lr", [0, -1e-3, float("nan"), float("inf")])
def test_a_learning_rate_that_trains_nothing_is_refused(lr):
    with pytest.raises(ValidationError, match="learning rate"):
        Optimizer(lr=lr)


@pytest.mark.parametrize(
    ("name", "value"),
    [("betas", (0.9, 1.0)), ("betas", (float("nan"), 0.9)), ("eps", 0), ("weight_decay", float("nan")), ("clip", 0)],
)
def test_numbers_that_would_spoil_every_step_are_refused(name, value):
    with pytest.raises(ValidationError, match=name):
        Optimizer.model_validate({"lr": 1e-3, name: value})


def test_a_schedule_longer_than_its_stage_is_refused():
    with pytest.raises(ValidationError, match="more than the whole stage"):
        Schedule(warmup=0.6, decay=0.6)


def test_micro_batches_must_divide_the_batch():
    with pytest.raises(ValidationError, match="does not divide"):
        Training(batch_rows=8, micro_batch_rows=3, log_every=1, checkpoint_every="1k")
