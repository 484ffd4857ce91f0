from safetensors.torch import load_file

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.track import Silent
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.lm.models import model
from pipeline.sft.config import Sft
from pipeline.sft.sft import sft

TINY = Model(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=32,
    max_position_embeddings=32,
)


def test_sft_starts_from_the_checkpoint_with_a_new_optimizer_and_counts_loss_tokens(training_world):
    world = training_world.planned(unit="loss_tokens", loss="answers", budget=600)
    start = Checkpoint(world.folder / "start")
    tokenizer = model.load_tokenizer(world.tokenizer)
    model.save(model.build(TINY, tokenizer, "init"), tokenizer, start.model)
    out = world.folder / "tuned"
    out.mkdir()
    config = Sft(
        optimizer=Optimizer(lr=1e-30),
        schedule=Schedule(decay=1.0),
        training=Training(batch_rows=4, log_every=2, checkpoint_every="1k"),
    )
    ledger = sft(config, world.mix, world.corpora, world.tokenizer, checkpoint=start.folder, out=out, track=Silent())
    assert ledger.loss_tokens == 600
    assert ledger.input_tokens > 600
    before, after = (load_file(folder / "model.safetensors") for folder in (start.model, Checkpoint(out).model))
    assert all(before[name].allclose(after[name], rtol=0, atol=1e-20) for name in before)
    steps = load_file(Checkpoint(out).state / "optimizer.safetensors")["model.norm.weight.step"]
    assert steps == 8
