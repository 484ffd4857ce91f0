import orjson
import pytest
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.pretrain.config import Pretrain
from pipeline.pretrain.pretrain import pretrain

TINY = Pretrain(
    model=Model(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=32,
        max_position_embeddings=32,
    ),
    optimizer=Optimizer(lr=2e-3),
    schedule=Schedule(),
    training=Training(batch_rows=8, log_every=4, checkpoint_every="1k"),
    init_key="seed0",
)


def run_phase(world, name, config=TINY, previous=None):
    out = world.folder / name
    out.mkdir()
    ledger = pretrain(config, world.mix, world.corpora, world.tokenizer, previous=previous, out=out, track=Silent())
    return ledger, Checkpoint(out)


def test_a_phase_leaves_a_checkpoint_that_opens(training_world):
    ledger, done = run_phase(training_world, "first")
    assert ledger.input_tokens == 3000
    assert ledger.sources.keys() == {"base", "qa"}
    assert AutoModelForCausalLM.from_pretrained(done.model).config.hidden_size == 16
    assert orjson.loads((done.state / "position.json").read_bytes())["tokens"] == 3000


def test_the_next_phase_carries_weights_and_optimizer_over(training_world):
    _, first = run_phase(training_world, "first")
    world = training_world.planned(stream_key="test/second")
    _, second = run_phase(world, "second", previous=first.folder)
    steps = [
        float(load_file(done.state / "optimizer.safetensors")["model.norm.weight.step"]) for done in (first, second)
    ]
    assert steps == [13, 26]  # 8 x 32 tokens a step, a little padding
    frozen = TINY.model_copy(update={"optimizer": Optimizer(lr=1e-30)})
    _, still = run_phase(world, "still", config=frozen, previous=first.folder)
    weights = [load_file(done.model / "model.safetensors") for done in (first, still)]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])


def test_a_previous_phase_of_another_architecture_is_refused(training_world):
    _, first = run_phase(training_world, "first")
    deeper = TINY.model_copy(update={"model": TINY.model.model_copy(update={"num_hidden_layers": 3})})
    with pytest.raises(UserError, match="num_hidden_layers=2, the recipe asks for 3"):
        run_phase(training_world, "second", config=deeper, previous=first.folder)


def test_a_corpus_encoded_with_another_vocabulary_is_refused(training_world):
    (training_world.corpora["qa"] / "meta.json").write_bytes(orjson.dumps({"vocab_size": 50}))
    with pytest.raises(UserError, match="'qa' was encoded with a vocabulary of 50, the tokenizer has 40"):
        run_phase(training_world, "first")
