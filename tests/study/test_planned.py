"""`stage=plan`: the paper's arms in numbers done by hand, without data, network or a store."""

import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.store import Store
from pipeline.study.plan.plan_view import show_plan
from pipeline.study.plan.planning import distinct_hours, plan_arm


@pytest.fixture
def planned(study, tmp_path):
    def plan(*overrides):
        return plan_arm(study(*overrides), Store(tmp_path / "store"))

    return plan


def rows_of(plan):
    return {(stretch.name, row.corpus): row for stretch in plan.stretches for row in stretch.rows}


def test_the_iclr_version_is_600b_of_base_and_400b_with_a_fifth_of_reasoning(planned):
    plan = planned("recipe=paper_8b", "pretrain_mix=paper/shq")
    trunk, branch, sft = plan.stretches
    assert (trunk.input_tokens, branch.input_tokens) == (600e9, 400e9)
    rows = rows_of(plan)
    assert rows["branch", "paper_shq"].planned == 80_000_000_000
    assert rows["branch", "paper_shq"].passes == pytest.approx(80 / 12)
    assert {corpus for name, corpus in rows if name == "trunk"} == {"paper_web", "paper_math", "paper_code"}
    assert sft.config.unit == "loss_tokens"
    assert sft.input_tokens == pytest.approx(46.5e9 / 0.97)
    assert plan.passes_in_all()["paper_shq"] == pytest.approx(80 / 12 + 46.5 / (12 * 0.97), rel=1e-3)


def test_the_first_version_is_one_phase_of_a_trillion(planned):
    plan = planned("recipe=paper_8b_v1", "pretrain_mix=paper/ldq")
    assert [stretch.name for stretch in plan.stretches] == ["branch", "sft"]
    read = {row.corpus: row.planned for row in plan.stretches[0].rows}
    assert sum(read.values()) == 10**12
    assert sum(count for corpus, count in read.items() if "ldq" in corpus) == pytest.approx(200e9)


def test_hours_follow_from_flops_peak_and_mfu(planned):
    plan = planned("recipe=paper_8b", "plan.mfu=0.5", "plan.peak_tflops=1000")
    trunk = plan.stretches[0]
    assert 8.0e9 < plan.model.num_parameters < 8.3e9
    # a little over 6 x 7.6B x 600B; at 500 TFLOP/s
    assert trunk.flops == pytest.approx(600e9 * plan.model.flops_per_token)
    assert 6 * plan.model.num_multiplied < plan.model.flops_per_token < 6.6 * plan.model.num_multiplied
    assert trunk.gpu_hours(plan.study.plan) == pytest.approx(trunk.flops / 5e14 / 3600)


def test_memory_is_shared_by_ranks_under_fsdp_only(planned):
    sharded = planned("recipe=paper_8b")
    whole = planned("recipe=paper_8b", "training.parallel=ddp")
    key = "weights, gradients, moments"
    one, all_ = (each.stretches[0] for each in (whole, sharded))
    per_gpu = [each.model.memory(each.training, 8192, 368)[key] for each in (one, all_)]
    assert per_gpu[0] == 16 * whole.model.num_parameters == pytest.approx(per_gpu[1] * 368)


def test_arms_that_share_a_trunk_pay_for_it_once(planned):
    arms = [planned("recipe=paper_8b", f"pretrain_mix=paper/{name}") for name in ("ldq", "shq")]
    trunk = arms[0].stretches[0].gpu_hours(arms[0].study.plan)
    alone = sum(distinct_hours([arm]) for arm in arms)
    assert distinct_hours(arms) == pytest.approx(alone - trunk)


def printed(arms, capsys):
    show_plan(arms, Console(width=160))
    return capsys.readouterr().out


def test_what_is_printed_marks_what_is_unverified_and_builds_nothing(study, tmp_path, capsys):
    arm = study("recipe=paper_8b", f"store={tmp_path / 'store'}")
    out = printed([((), arm)], capsys)
    assert "declared, unverified" in out and "its column `text`" in out
    assert "GPU-hours" in out and "plan.mfu=0.4, both assumed, not measured" in out
    assert "DOES NOT FIT" in out  # rows of 32,768 tokens, nothing recomputed
    assert not (tmp_path / "store").exists()


def test_a_corpus_that_is_not_built_is_a_question_mark(study, tmp_path, capsys):
    out = printed([((), study(f"store={tmp_path / 'store'}"))], capsys)
    assert "not built" in out and ">= 8k" in out


def test_too_few_passes_allowed_are_told_with_both_numbers(study, tmp_path, capsys):
    arm = study(
        "recipe=paper_8b", "pretrain_mix=paper/shq", "pretrain_mix.max_repetitions=4", f"store={tmp_path / 's'}"
    )
    with pytest.raises(UserError, match=r"branch: corpus 'paper_shq' would be read 6\.67 times, max_repetitions is 4"):
        show_plan([((), arm)], Console(width=160))
    assert "too little data" in capsys.readouterr().out
