import pytest
from pydantic import ValidationError

from pipeline.lm.config import Optimizer, Schedule, Training
from pipeline.lm.schedule import learning_rate_ratio


def test_the_rate_warms_up_stays_and_decays():
    schedule = Schedule(warmup=0.2, decay=0.4, min_ratio=0.1)
    ratios = [learning_rate_ratio(schedule, progress) for progress in (0, 0.1, 0.2, 0.6, 0.8, 1)]
    assert ratios == pytest.approx([0, 0.5, 1, 1, 0.55, 0.1])


def test_without_fractions_the_rate_is_constant():
    assert {learning_rate_ratio(Schedule(), progress) for progress in (0, 0.5, 1)} == {1.0}


@pytest.mark.parametrize("lr", [0, -1e-3, float("nan"), float("inf")])
def test_a_learning_rate_that_trains_nothing_is_refused(lr):
    with pytest.raises(ValidationError, match="learning rate"):
        Optimizer(lr=lr)


def test_a_schedule_longer_than_its_stage_is_refused():
    with pytest.raises(ValidationError, match="more than the whole stage"):
        Schedule(warmup=0.6, decay=0.6)


def test_micro_batches_must_divide_the_batch():
    with pytest.raises(ValidationError, match="does not divide"):
        Training(batch_rows=8, micro_batch_rows=3, log_every=1, checkpoint_every="1k")
