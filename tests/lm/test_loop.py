from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.checksum import list_files
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.lm.models import model
from pipeline.lm.training.loop import train
from pipeline.lm.training.objective import NextTokenLoss, to_inputs
from pipeline.lm.training.session import Run
from pipeline.lm.training.starting import start_engine
from pipeline.lm.training.stream import TokenStream

TINY = Model(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=32,
    max_position_embeddings=32,
)
TRAINING = Training(batch_rows=8, log_every=4, checkpoint_every="1k")


def make_run(world, **changes) -> Run:
    tokenizer = model.load_tokenizer(world.tokenizer)
    settings = {
        "lm": model.build(TINY, tokenizer, "init"),
        "tokenizer": tokenizer,
        "plan": world.plan,
        "shards": world.shards,
        "optimizer": Optimizer(lr=3e-3),
        "schedule": Schedule(warmup=0.1, decay=0.3),
        "training": TRAINING,
    }
    return Run(**(settings | changes))


def train_into(folder, run, track=None):
    folder.mkdir(exist_ok=True)
    return train(run, out=folder, track=track or Silent())


def contents(folder) -> dict[str, bytes]:
    """What the artifact will hold; restart points are not of it."""
    return {entry.path: (folder / entry.path).read_bytes() for entry in list_files(folder)}


class Recorder(Silent):
    def __init__(self):
        self.steps, self.progressed, self.notes, self.remarks = [], [], [], []

    def log(self, step, values):
        self.steps.append((step, dict(values)))

    def progress(self, done, total, unit, note=""):
        self.progressed.append((done, total, unit))
        self.notes.append(note)

    def remark(self, step, line):
        self.remarks.append((step, line))


def first_gradient(world, micro_batch_rows) -> list[torch.Tensor]:
    training = TRAINING.model_copy(update={"micro_batch_rows": micro_batch_rows})
    run = make_run(world, training=training)
    made = start_engine(run.lm, Optimizer(lr=1e-3, clip=1e9), training, 2)
    gradients = []
    made.optimizer.register_step_pre_hook(lambda *_: gradients.extend(p.grad.clone() for p in run.lm.parameters()))
    made.step(next(TokenStream(world.plan, world.shards).batches(8)), 1e-3)
    return gradients


def test_micro_batches_do_not_change_the_gradient(training_world):
    world = training_world.planned(loss="answers")  # rows differ in their number of targets
    whole, split = first_gradient(world, 8), first_gradient(world, 2)
    assert max(float((a - b).abs().max()) for a, b in zip(whole, split, strict=True)) < 1e-6


def test_static_shapes_give_the_same_losses(training_world):
    world = training_world.planned(loss="answers")
    run = make_run(world)
    batch = next(TokenStream(world.plan, world.shards).batches(8))
    objective = NextTokenLoss(run.lm, is_bf16=False)
    chosen, static = (to_inputs(batch, slice(0, 8), torch.device("cpu"), static=flag) for flag in (False, True))
    losses, static_losses = objective(*chosen[:-1]), objective(*static[:-1])
    assert len(losses) == batch.num_loss_tokens
    assert static_losses.shape == (8 * 32,)
    assert torch.allclose(static_losses[static.targets_n >= 0], losses, atol=1e-6)
    assert static_losses[static.targets_n < 0].abs().sum() == 0


@pytest.mark.parametrize(("unit", "loss"), [("tokens", "all"), ("loss_tokens", "answers")])
def test_the_budget_is_met_exactly_and_the_ledger_adds_up(training_world, tmp_path, unit, loss):
    world = training_world
    if loss == "answers":  # half of a `qa` document carries loss
        per_document = zip(world.plan.sources, loss_tokens_per_document(world), strict=True)
        world = world.planned(sources=tuple(replace(source, unit_per_document=per) for source, per in per_document))
    run = make_run(world.planned(unit=unit, loss=loss, budget=2501))
    recorder = Recorder()
    ledger = train_into(tmp_path / "out", run, recorder)
    spent = ledger.loss_tokens if unit == "loss_tokens" else ledger.input_tokens
    assert spent == 2501
    assert sum(use.tokens for use in ledger.sources.values()) == ledger.input_tokens
    assert sum(use.loss_tokens for use in ledger.sources.values()) == ledger.loss_tokens
    assert (ledger.input_tokens + ledger.padding_tokens) % (8 * 32) == 0
    base = ledger.sources["base"]
    assert base.passes == base.tokens / base.unique_tokens
    assert recorder.progressed[-1] == (2501, 2501, unit.replace("_", " "))


def loss_tokens_per_document(world) -> list[float]:
    return [
        float(np.delete(shard.loss, shard.starts.astype(int)).sum() / shard.num_documents)
        for shard in world.shards.values()
    ]


def test_equal_runs_leave_equal_bytes(training_world, tmp_path):
    ledgers = [train_into(tmp_path / name, make_run(training_world)) for name in ("one", "two")]
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert ledgers[0] == ledgers[1]
    assert one == two
    assert {"model/model.safetensors", "state/optimizer.safetensors", "curve.parquet"} <= one.keys()


def losses_alone(lm, batch):
    """The loss of each target, every segment asked by itself: no mask, no positions, no packing."""
    for ids, is_target, segments in zip(batch.input_ids, batch.loss_mask, batch.segments, strict=True):
        for segment in range(segments.max() + 1):
            here = torch.from_numpy(ids[segments == segment])
            losses = torch.nn.functional.cross_entropy(lm(here[None]).logits[0, :-1], here[1:], reduction="none")
            yield losses[torch.from_numpy(is_target[segments == segment][1:])]


def plain_losses(run) -> list[float]:
    """The same training in plain PyTorch: full logits, document by document, no code of the loop but its batches."""
    lm, done, losses = run.lm, 0, []
    groups = [{"params": [p for p in lm.parameters() if (p.ndim > 1) == is_matrix]} for is_matrix in (True, False)]
    groups[0]["weight_decay"], groups[1]["weight_decay"] = 0.1, 0.0
    optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.98), eps=1e-8, foreach=False)
    for batch in TokenStream(run.plan, run.shards).batches(8):
        progress = (done + batch.num_tokens / 2) / 3000
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, progress / 0.2, (1 - progress) / 0.5)
        loss = torch.cat(list(losses_alone(lm, batch))).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        done += batch.num_tokens
        if done > 2000:
            return losses
    raise AssertionError("unreachable: the stream has no end")


def test_losses_are_those_of_a_plain_loop_and_they_fall(training_world, tmp_path):
    each_step = TRAINING.model_copy(update={"log_every": 1})
    run = make_run(training_world, schedule=Schedule(warmup=0.2, decay=0.5), training=each_step)
    train_into(tmp_path / "out", run)
    curve = pq.read_table(Checkpoint(tmp_path / "out").curve).to_pydict()
    plain = plain_losses(make_run(training_world))
    assert curve["loss"][: len(plain)] == pytest.approx(plain, abs=1e-5)
    assert curve["loss"][-1] < curve["loss"][0] - 0.3
    assert curve["tokens_seen"][-1] == 3000
    assert curve["step"] == list(range(1, len(curve["step"]) + 1))


def test_bf16_follows_fp32(training_world, tmp_path):
    losses = []
    for precision in ("fp32", "bf16"):
        run = make_run(training_world, training=TRAINING.model_copy(update={"precision": precision}))
        train_into(tmp_path / precision, run)
        losses.append(pq.read_table(tmp_path / precision / "curve.parquet")["loss"].to_pylist())
        assert {p.dtype for p in run.lm.parameters()} == {torch.float32}
    assert losses[0] == pytest.approx(losses[1], abs=0.02)
    assert losses[0] != losses[1]


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_batch(training_world, tmp_path):
    class Poison(Recorder):
        def log(self, step, values):
            super().log(step, values)
            if step == 8:
                run.lm.get_input_embeddings().weight.data.fill_(float("nan"))

    run = make_run(training_world)
    with pytest.raises(UserError, match=r"step 9: loss nan.*documents: base \d+.*; qa \d+.* \(block \d+, row \d+"):
        train_into(tmp_path / "out", run, Poison())
    kept = [path.name for path in (tmp_path / "out" / "restart").iterdir()]
    assert [int(name) for name in kept] == [5]


def test_a_mix_that_was_not_obtained_is_refused(training_world, tmp_path):
    first, second = training_world.plan.sources
    lie = replace(first, unit_per_document=first.unit_per_document * 9)
    world = training_world.planned(sources=(lie, second), budget=6000)
    with pytest.raises(UserError, match=r"base was to give 50.0% of the tokens and gave 9\.\d%"):
        train_into(tmp_path / "out", make_run(world))
