import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from pipeline.lm.config import Model
from pipeline.lm.models import model
from pipeline.lm.models.flops import flops_per_token, num_matmul_weights, weightless

SMALL = Model(
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=64,
    max_position_embeddings=64,
)


HYBRIDS = {
    "lfm2": {"extra": {"full_attn_idxs": [1]}},
    "nemotron_h": {
        "tie_word_embeddings": False,
        "num_hidden_layers": 4,
        "extra": {"hybrid_override_pattern": "M*-M", "mamba_head_dim": 16, "n_groups": 2, "chunk_size": 24},
    },
}


@pytest.mark.parametrize("model_type", list(HYBRIDS))
def test_so_it_is_for_hybrids_whose_layers_differ(training_world, model_type):
    tokenizer = model.load_tokenizer(training_world.tokenizer)
    sizes = SMALL.model_dump() | {"model_type": model_type} | HYBRIDS[model_type]
    lm = model.build(Model.model_validate(sizes), tokenizer, "a")
    lm.set_attn_implementation("eager")
    ids = torch.ones(2, 64, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        lm(ids, seq_idx=torch.zeros(2, 64, dtype=torch.int32), use_cache=False).logits.sum().backward()
    kernels = sum(p.numel() for p in lm.parameters() if p.ndim == 3)  # the counter knows no products one by one
    assert (flops_per_token(lm, 64) - 6 * kernels) * 2 * 64 == pytest.approx(counter.get_total_flops(), rel=1e-3)


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
