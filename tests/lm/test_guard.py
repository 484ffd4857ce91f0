import numpy as np
import pytest
import torch
from test_loop import Recorder, make_run, train_into

from pipeline.core.errors import UserError
from pipeline.lm.training import culprits, spikes
from pipeline.lm.training.batch import Position
from pipeline.lm.training.culprits import Culprits
from pipeline.lm.training.guard import Guard, Watched
from pipeline.lm.training.spikes import SpikeWatch
from pipeline.lm.training.stream import TokenStream

# 32 losses with median 2.5 and MAD 0.5: the limit is 2.5 + 7 x 1.4826 x 0.5.
LOSSES = [2.0, 3.0] * 16
LIMIT = 2.5 + 7 * 1.4826 * 0.5


def test_a_spike_is_seven_robust_deviations_above_the_median():
    watch = SpikeWatch(LOSSES)
    assert watch.judge(33, LIMIT - 0.001) is None
    assert SpikeWatch(LOSSES).judge(33, LIMIT + 0.001) == {
        "step": 33,
        "loss": LIMIT + 0.001,
        "limit": pytest.approx(LIMIT),
    }


def test_a_falling_or_a_lower_loss_is_no_spike():
    watch = SpikeWatch()
    assert [watch.judge(step, 10.0 - 0.01 * step) for step in range(300)] == [None] * 300
    assert watch.judge(301, 0.0) is None


def test_too_few_batches_give_no_judgement():
    assert SpikeWatch(LOSSES[:31]).judge(32, 1e9) is None


def test_where_losses_hardly_differ_a_spike_is_still_a_tenth_of_a_nat():
    flat = [1.0] * 40
    assert SpikeWatch(flat).judge(41, 1.0999) is None
    spike = SpikeWatch(flat).judge(41, 1.1001)
    assert spike is not None
    assert spike["limit"] == pytest.approx(1.1)


def test_a_spike_does_not_hide_the_next_one_and_the_window_moves_on():
    watch = SpikeWatch(LOSSES * 4)
    assert [watch.judge(step, 100.0) is not None for step in range(3)] == [True] * 3
    for step in range(3, 130):
        watch.judge(step, 100.0)
    assert watch.recent == [100.0] * spikes.WINDOW
    assert watch.judge(131, 100.0) is None


def test_the_documents_of_a_batch_are_those_whose_tokens_it_holds(training_world):
    plan, shards = training_world.plan, training_world.shards
    stream = TokenStream(plan, shards).batches(8)
    next(stream)
    second = next(stream)
    first_rows = next(TokenStream(plan, shards).batches(8)).next_position
    found = Culprits(plan, shards, 8).documents(first_rows, 3000)
    for index, name in enumerate(("base", "qa")):
        tokens = second.input_ids[second.sources == index]
        held = [shards[name].document(number)[0] for number in found[name]]
        assert sorted(np.concatenate(held).tolist()) == sorted(tokens.tolist())  # no document is longer than a row


def test_documents_behind_the_budget_are_not_named(training_world):
    found = Culprits(training_world.plan, training_world.shards, 8).documents(Position(), 5)
    assert sum(map(len, found.values())) == 1


def test_at_most_eight_documents_of_a_corpus_are_named():
    assert culprits._some([3, 5]) == "3, 5"
    assert culprits._some(list(range(9))) == "0, 1, 2, 3, 4, 5, 6, 7 .. (9 in all)"


@pytest.fixture
def guard(training_world):
    return Guard(Culprits(training_world.plan, training_world.shards, 8), LOSSES)


def watched(step, loss, norm=1.0, *, has_targets=True):
    return Watched(step, torch.tensor(loss), torch.tensor(norm), has_targets, Position(), 3000)


def test_a_check_gives_the_spikes_with_their_documents_and_the_last_norm(guard):
    for step, loss in ((1, 2.0), (2, 50.0), (3, 2.5)):
        guard.watch(watched(step, loss, norm=step / 2))
    ((spike, documents),) = guard.check()
    assert (spike["step"], spike["loss"]) == (2, 50.0)
    assert documents.startswith("base ") and "; qa " in documents
    assert guard.gradient_norm == 1.5
    assert guard.losses.tolist() == [*LOSSES, 2.0, 50.0, 2.5]
    assert guard.check() == []


def test_a_batch_without_targets_is_not_judged(guard):
    guard.watch(watched(1, 0.0, has_targets=False))
    guard.check()
    assert guard.losses.tolist() == LOSSES


@pytest.mark.parametrize(("loss", "norm"), [(float("nan"), 1.0), (2.0, float("inf"))])
def test_the_first_step_that_is_not_finite_is_named_with_its_documents(guard, loss, norm):
    for step in (6, 7, 8):
        guard.watch(watched(step, loss if step > 6 else 2.0, norm if step > 6 else 1.0))
    with pytest.raises(
        UserError, match=rf"^step 7: loss {loss}, gradient norm {norm}; its documents: base \d+.*; qa \d+"
    ):
        guard.check()


def test_a_spike_is_logged_and_counted_and_training_goes_on(training_world, tmp_path, monkeypatch):
    class Shake(Recorder):
        def log(self, step, values):
            super().log(step, values)
            if step == 8:
                run.lm.get_input_embeddings().weight.data.mul_(300)

    monkeypatch.setattr(spikes, "LEAST", 6)
    run, recorder = make_run(training_world), Shake()
    ledger = train_into(tmp_path / "out", run, recorder)
    assert ledger.input_tokens == 3000
    step, line = recorder.remarks[0]
    assert step == 9
    assert line.startswith("loss spike at step 9: ") and "; its documents: base " in line
    assert ledger.loss_spikes == len(recorder.remarks) == recorder.steps[-1][1]["loss_spikes"]
