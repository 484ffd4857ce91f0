from argparse import Namespace

import pytest
from rich.console import Console

from benchmarks import step_kinds, throughput, training
from benchmarks.contenders import rounds
from benchmarks.contenders.__main__ import LIBRARIES
from benchmarks.contenders.job import LENGTH, ROWS, Job, Result, Window, reached_by_all
from benchmarks.contenders.ours import Stopwatch, shares
from benchmarks.contenders.tables import claims
from benchmarks.contenders.world import model_of, optimizer


def window(seconds, loss, cpu_seconds=1.0):
    return Window(steps=10, seconds=seconds, cpu_seconds=cpu_seconds, loss=loss, ended_at=0.0)


RESULT = Result(windows=[window(50.0, 5.0, 40.0), window(2.0, 4.0), window(3.0, 3.0, 2.0), window(5.0, 2.5, 4.0)])


def test_the_first_window_counts_for_the_start_and_not_for_the_speed():
    assert RESULT.tokens_per_second == ROWS * LENGTH * 30 / 10
    assert RESULT.tokens_per_cpu_second == ROWS * LENGTH * 30 / 7
    assert RESULT.start_seconds == 50 - 10 / 3


def test_cpu_seconds_to_a_loss_are_steps_times_the_median_step():
    assert RESULT.cpu_seconds_to(3.1) == 30 * 0.2  # medians of 0.1, 0.2, 0.4
    assert RESULT.cpu_seconds_to(5.0) == 10 * 0.2
    assert RESULT.cpu_seconds_to(2.4) is None


def test_the_loss_that_all_reach_is_the_slowest_learners():
    assert reached_by_all([RESULT, Result(windows=[window(1.0, 2.8), window(1.0, 2.9)])]) == 2.8


def test_a_result_comes_back_from_its_file(tmp_path):
    RESULT.save(tmp_path / "result.json")
    assert Result.load(tmp_path / "result.json") == RESULT


def test_claims_are_ratios_to_the_default_and_to_the_best_compiled():
    speeds = {"Trainer fp32": 10.0, "Trainer bf16 compiled": 12.0, "plain loop fp32 compiled": 15.0, "ours fp32": 9.0}
    assert list(claims(speeds | {"ours bf16 compiled": 30.0}).values()) == [3.0, 2.0]
    assert claims(speeds | {"litgpt fp32 compiled": 99.0})["our best over the Trainer's default"] == 0.9
    assert claims({"Trainer fp32": 10.0}) == {}


def test_shares_are_parts_of_the_time_after_the_first_row_of_the_log():
    watch = Stopwatch()
    with watch.running("data"):
        pass
    assert watch.seconds == {}
    watch.begin()
    assert list(watch.around_each("data", iter)([1, 2])) == [1, 2]
    assert watch.around("save", max)(3, 4) == 4
    assert watch.seconds.keys() == {"data", "save"}
    assert shares({"data": 1.0, "save": 3.0}, 20.0) == {"data": 0.05, "save": 0.15}


@pytest.mark.parametrize(("model", "has_litgpt"), [("lfm2", False), ("qwen3", True)])
def test_a_library_that_cannot_train_the_model_is_named(model, has_litgpt, capsys):
    arguments = training.parser().parse_args(["--model", model])
    found = training.jobs(arguments, "folder", Console())
    assert ({job.library for job in found} == set(LIBRARIES)) is has_litgpt
    assert ("litgpt has no LFM2" in capsys.readouterr().out) is not has_litgpt
    assert found[0].name == "Trainer fp32"
    assert len(found) == 4 * len({job.library for job in found})


def test_libraries_and_single_contenders_are_chosen_by_name():
    arguments = training.parser().parse_args(["--only", "ours", "Trainer fp32", "plain loop bf16 compiled"])
    names = [job.name for job in training.jobs(arguments, "folder", Console())]
    ours = ["ours fp32", "ours fp32 compiled", "ours bf16", "ours bf16 compiled"]
    assert names == ["Trainer fp32", "plain loop bf16 compiled", *ours]


def test_a_missing_library_is_told_and_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rounds, "run", lambda job, folder: None if job.library == "litgpt" else RESULT)
    arguments = Namespace(**vars(training.parser().parse_args(["--model", "qwen3"])))
    jobs = training.jobs(arguments, "folder", Console())
    results, cores = rounds.rounds(jobs, 2, 1, tmp_path, Console())
    assert "litgpt is not installed" in capsys.readouterr().out
    assert [len(values) for values in results.values()] == [2] * 16
    assert all(len(values) == 2 and min(values) > 0 for values in cores.values())


def test_the_models_are_of_one_size():
    assert model_of("lfm2").model_type == "lfm2"
    assert model_of("qwen3").hidden_size == model_of("lfm2").hidden_size
    assert optimizer().kind == "adamw"


def test_job_names():
    job = Job(library="ours", folder="", model="lfm2", precision="bf16", compiled=True, steps=1, log_every=1, threads=1)
    assert job.name == "ours bf16 compiled"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("aten::mm", "matmul"),
        ("mkldnn::_linear_pointwise", "matmul"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu_backward", "attention"),
        ("aten::mkldnn_convolution", "convolution"),
        ("Optimizer.step#AdamW.step", "optimizer"),
        ("aten::_fused_adamw_", "optimizer"),
        ("aten::linalg_vector_norm", "optimizer"),
        ("step: data", "data"),
        ("aten::mul", "elementwise"),
        ("graph_0_cpp_fused_mm_silu_3", "elementwise"),
        ("graph_0_cpp_fused__softmax__to_copy_14", "attention"),
        ("graph_0_cpp_fused__log_softmax_nll_loss_2", "loss"),
        ("graph_0_cpp_fused_add_constant_pad_nd_mul_7", "convolution"),
        ("aten::bmm", "attention"),
        ("aten::_log_softmax", "loss"),
        ("## Call CompiledFxGraph fx ##", "outside"),
        ("autograd::engine::evaluate_function: MmBackward0", "outside"),
    ],
)
def test_operations_are_sorted_by_kind(operation, kind):
    assert step_kinds.kind_of(operation) == kind


def test_what_no_operation_accounts_for_is_outside():
    found = step_kinds.shares({"aten::mm": 4.0, "aten::mul": 1.0, "step: data": 1.0}, 8.0)
    assert {kind: share for kind, share in found.items() if share} == {
        "matmul": 0.5,
        "elementwise": 0.125,
        "data": 0.125,
        "outside": 0.25,
    }


def test_budgets_are_cut_and_the_machine_filled_in_three_ways():
    recipe = {"phases": {"trunk": {"tokens": "1.7M"}, "branch": {"tokens": "2.6M"}}, "sft": {"loss_tokens": "100k"}}
    assert throughput.shortened(recipe, 20) == [
        "phases.trunk.tokens=85000",
        "phases.branch.tokens=130000",
        "sft.loss_tokens=5000",
    ]
    assert [(way.workers, way.threads) for way in throughput.ways(4)] == [(1, 1), (4, 1), (1, 4)]
    assert throughput.Way(1, 4).name == "1 at a time, 4 threads each"


def test_runs_are_what_training_stages_left_in_the_store(tmp_path):
    for record in (
        "pretrain/a/record.json",
        "sft/b/record.json",
        "sft/c/record.json",
        "eval/d/record.json",
        "sft/.e/x",
    ):
        (tmp_path / record).parent.mkdir(parents=True)
        (tmp_path / record).touch()
    assert throughput.num_runs(tmp_path) == 3
