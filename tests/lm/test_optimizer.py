"""AdamW and Muon: who trains what, against torch's own, and through restarts and phases."""

import pytest
import torch
from test_loop import TINY, TRAINING, Recorder, contents, make_run, train_into
from torch.optim import AdamW, Muon

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.lm.config import Model, Optimizer, Schedule
from pipeline.lm.models import model
from pipeline.lm.training.optimizer import (
    check_moments,
    hidden_matrices,
    make_optimizer,
    moments,
    restore_moments,
    set_learning_rate,
)
from pipeline.lm.training.starting import start_engine
from pipeline.lm.training.stream import TokenStream

MUON = Optimizer(kind="muon", lr=3e-3, adamw_rate=0.5)
ADAMW = Optimizer(lr=3e-3)


@pytest.fixture
def tokenizer(training_world):
    return model.load_tokenizer(training_world.tokenizer)


def with_gradients(lm):
    generator = torch.Generator().manual_seed(1)
    for parameter in lm.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return lm


def test_muon_trains_the_hidden_matrices_and_nothing_else(tokenizer):
    sizes = {"model_type": "lfm2", "tie_word_embeddings": False, "extra": {"full_attn_idxs": [1]}}
    lm = model.build(Model.model_validate(TINY.model_dump() | sizes), tokenizer, "a")
    hidden = hidden_matrices(lm)
    mixers = ["0.conv.in_proj", "0.conv.out_proj", *(f"1.self_attn.{x}_proj" for x in ("q", "k", "v", "out"))]
    feeders = [f"{layer}.feed_forward.w{number}" for layer in (0, 1) for number in (1, 2, 3)]
    assert sorted(hidden) == sorted(f"model.layers.{name}.weight" for name in (*mixers, *feeders))


def test_a_step_is_that_of_torchs_muon_and_adamw_each_on_its_own_part(tokenizer):
    ours, theirs = (with_gradients(model.build(TINY, tokenizer, "a")) for _ in range(2))
    optimizer = make_optimizer(ours, MUON)
    set_learning_rate(optimizer, 1e-2)
    optimizer.step()

    hidden = hidden_matrices(theirs)
    Muon(hidden.values(), lr=1e-2, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw").step()
    rest = [parameter for name, parameter in theirs.named_parameters() if name not in hidden]
    settings = {"lr": 5e-3, "betas": (0.9, 0.98), "eps": 1e-8, "fused": True}
    AdamW([p for p in rest if p.ndim == 2], weight_decay=0.1, **settings).step()
    AdamW([p for p in rest if p.ndim == 1], weight_decay=0.0, **settings).step()
    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        # Batched products may sum in another order, in bf16; an update is 2e-3 in the mean.
        assert torch.allclose(left, right, rtol=0, atol=2e-4 if name in hidden else 0), name


def test_an_update_of_muon_is_as_large_as_one_of_adamw(tokenizer):
    sizes = []
    for optimizer in (MUON, ADAMW):
        lm = with_gradients(model.build(TINY.model_copy(update={"hidden_size": 64}), tokenizer, "a"))
        before = {name: parameter.detach().clone() for name, parameter in lm.named_parameters()}
        make_optimizer(lm, optimizer.model_copy(update={"weight_decay": 0.0, "lr": 1.0})).step()
        moved = {name: lm.get_parameter(name).detach() - before[name] for name in hidden_matrices(lm)}
        changes = [each.square().mean().sqrt() for each in moved.values()]
        sizes.append(float(torch.stack(changes).mean()))
    assert sizes[1] == pytest.approx(1.0, abs=1e-3)  # the first step of AdamW is the sign of the gradient
    assert sizes[0] == pytest.approx(0.2, abs=0.05)  # the RMS that AdamW settles at (Liu et al. 2025)


@pytest.mark.parametrize("optimizer", [ADAMW, MUON], ids=["adamw", "muon"])
def test_moments_put_back_give_the_same_next_step(tokenizer, optimizer):
    one, other = (with_gradients(model.build(TINY, tokenizer, "a")) for _ in range(2))
    carried, fresh = make_optimizer(one, optimizer), make_optimizer(other, optimizer)
    for _ in range(2):
        carried.step()
    other.load_state_dict(one.state_dict())
    saved = {name: tensor.clone() for name, tensor in moments(carried, one).items()}
    assert {name.rpartition(".")[0] for name in saved} == dict(one.named_parameters()).keys()
    restore_moments(fresh, other, saved)
    carried.step()
    fresh.step()
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize("optimizer", [ADAMW, MUON], ids=["adamw", "muon"])
def test_an_interrupted_run_ends_with_the_same_bytes(training_world, tmp_path, optimizer):
    class StopHereError(Exception):
        pass

    class Interrupt(Recorder):
        def log(self, step, values):
            super().log(step, values)
            if step == 8:
                raise StopHereError

    def make():
        return make_run(training_world, optimizer=optimizer, schedule=Schedule(kind="cosine", warmup=0.1))

    ledger = train_into(tmp_path / "whole", make())
    with pytest.raises(StopHereError):
        train_into(tmp_path / "out", make(), Interrupt())
    assert list((tmp_path / "out").rglob("optimizer.safetensors"))
    assert train_into(tmp_path / "out", make()) == ledger
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_micro_batches_do_not_change_what_muon_is_given(training_world):
    world = training_world.planned(loss="answers")
    batch, found = next(TokenStream(world.plan, world.shards).batches(8)), []
    for rows in (8, 2):
        training = TRAINING.model_copy(update={"micro_batch_rows": rows})
        run = make_run(world, training=training, optimizer=MUON)
        made = start_engine(run.lm, MUON.model_copy(update={"clip": 1e9}), training, 2)
        made.step(batch, 1e-3)
        found.append({name: tensor for name, tensor in made.moments().items() if not name.endswith("step")})
    assert any(name.endswith("momentum_buffer") for name in found[0])
    for name, moment in found[0].items():
        assert torch.allclose(moment, found[1][name], atol=1e-6), name


def test_a_phase_that_asks_for_another_optimizer_is_refused_before_it_trains(training_world, tmp_path):
    train_into(tmp_path / "trunk", make_run(training_world, optimizer=MUON))
    trunk = Checkpoint(tmp_path / "trunk")
    with pytest.raises(UserError, match=r"trained with optimizer.kind=muon and this phase asks for adamw; give optim"):
        train_into(tmp_path / "out", make_run(training_world, optimizer=ADAMW, carry_on=trunk))
    assert not list((tmp_path / "out").iterdir())


def test_moments_are_told_apart_by_model_and_by_optimizer(tokenizer):
    lm = with_gradients(model.build(TINY, tokenizer, "a"))
    optimizer = make_optimizer(lm, ADAMW)
    optimizer.step()
    found = moments(optimizer, lm)
    check_moments(found, lm, ADAMW, "there")
    with pytest.raises(UserError, match=r"there was trained with optimizer\.kind=adamw and this phase asks for muon"):
        check_moments(found, lm, MUON, "there")
    wider = model.build(TINY.model_copy(update={"intermediate_size": 48}), tokenizer, "a")
    with pytest.raises(UserError, match="there holds the optimizer state of another model"):
        check_moments(found, wider, ADAMW, "there")
