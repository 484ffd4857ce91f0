import pytest
import torch
from test_loop import Recorder, contents, make_run, train_into

from pipeline.lm.models.flops import flops_per_token
from pipeline.lm.models.peak import mfu, peak_flops

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_peak_is_measured_once_for_each_number_of_threads(precision):
    threads = torch.get_num_threads()
    first = peak_flops(CPU, precision)
    assert first > 1e6  # a pocket calculator
    assert peak_flops(CPU, precision) == first
    torch.set_num_threads(threads + 1)
    try:
        assert peak_flops(CPU, precision) != first
    finally:
        torch.set_num_threads(threads)


def test_measuring_a_peak_touches_no_random_state():
    from pipeline.lm.models import peak

    peak._measured.cache_clear()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    peak_flops(CPU, "fp32")
    assert torch.equal(torch.get_rng_state(), before)


def test_mfu_by_hand():
    assert mfu(6e9, 1000.0, 24e12) == 0.25  # 6e12 FLOP a second of 24e12


def test_a_watched_run_tells_mfu_and_has_the_bits_of_an_unwatched_one(training_world, tmp_path):
    recorder, run = Recorder(), make_run(training_world)
    train_into(tmp_path / "watched", run, recorder)
    per_token = flops_per_token(run.lm, 32)
    for _, values in recorder.steps:
        assert values["mfu"] == pytest.approx(per_token * values["tokens_per_second"] / values["peak_flops"])
        assert 0 < values["mfu"] < 1
    train_into(tmp_path / "unwatched", make_run(training_world))
    assert contents(tmp_path / "watched") == contents(tmp_path / "unwatched")
