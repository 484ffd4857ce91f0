import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from pipeline.lm import model
from pipeline.lm.config import Model
from pipeline.lm.flops import flops_per_token, num_matmul_weights, weightless

SMALL = Model(
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=64,
    max_position_embeddings=64,
)


@pytest.mark.parametrize("is_tied", [True, False])
def test_the_formula_is_within_one_percent_of_counted_flops(training_world, is_tied):
    tokenizer = model.load_tokenizer(training_world.tokenizer)
    lm = model.build(SMALL.model_copy(update={"tie_word_embeddings": is_tied}), tokenizer, "a")
    lm.set_attn_implementation("eager")  # the counter sees its matrix multiplications one by one
    with FlopCounterMode(display=False) as counter:
        lm(torch.ones(2, 64, dtype=torch.long)).logits.sum().backward()
    assert flops_per_token(lm, 64) * 2 * 64 == pytest.approx(counter.get_total_flops(), rel=0.01)


def test_matmul_weights_counted_by_hand(training_world):
    tokenizer = model.load_tokenizer(training_world.tokenizer)
    per_layer = 32 * 32 + 2 * 32 * 16 + 32 * 32 + 3 * 32 * 64  # queries, keys and values, output, gated MLP
    config = model.transformers_config(SMALL, tokenizer)
    assert num_matmul_weights(weightless(config)) == 3 * per_layer + 40 * 32
