"""A packed row equals its documents alone, for every model type that may be trained: values and gradients."""

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from pipeline.core.errors import UserError
from pipeline.lm import hybrids
from pipeline.lm.config import Model
from pipeline.lm.generation.generate import generate
from pipeline.lm.kinds import MODEL_TYPES
from pipeline.lm.models import attention, inductor, isolation, mamba2, model
from pipeline.lm.models.mamba2 import mamba2_scan
from pipeline.lm.training.objective import IGNORE, NextTokenLoss
from pipeline.study.config.register import has_compiler

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
HYBRIDS = {
    "lfm2": {"num_hidden_layers": 3, "extra": {"full_attn_idxs": [1], "initializer_range": 0.2}},
    "nemotron_h": {
        "num_hidden_layers": 5,
        "tie_word_embeddings": False,
        "extra": {
            "hybrid_override_pattern": "M-*-M",
            "mamba_head_dim": 8,
            "n_groups": 2,
            "ssm_state_size": 4,
            "chunk_size": 4,  # edges of segments fall within chunks and between them; one segment spans four
            "initializer_range": 0.2,
        },
    },
}
LENGTHS = (9, 1, 14)  # of the documents in a row, which then is padded
PADDING = 5


def tiny(model_type: str) -> Model:
    return Model.model_validate(TINY | {"model_type": model_type} | HYBRIDS.get(model_type, {}))


@pytest.fixture
def tokenizer(training_world):
    return model.load_tokenizer(training_world.tokenizer)


@pytest.fixture(params=MODEL_TYPES)
def lm(request, tokenizer):
    return model.build(tiny(request.param), tokenizer, "a")


def documents() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(6, 40, (length,), generator=generator) for length in LENGTHS]


def packed_row() -> tuple[torch.Tensor, ...]:
    """As the objective takes them; every token but a document's first is a target."""
    padding = torch.zeros(PADDING, dtype=torch.long)
    ids = torch.cat([*documents(), padding])
    numbers = torch.tensor([*range(len(LENGTHS)), -1], dtype=torch.int32)
    segments = numbers.repeat_interleave(torch.tensor([*LENGTHS, PADDING]))
    positions = torch.cat([*(torch.arange(length) for length in LENGTHS), padding])
    places = torch.arange(len(ids))
    is_target = (segments[1:] == segments[:-1]) & (segments[1:] >= 0)
    targets = torch.cat([ids[1:].where(is_target, IGNORE), torch.tensor([IGNORE])])
    return ids[None], segments[None], positions[None], places, targets


def alone(lm) -> torch.Tensor:
    """The loss of each target, documents one by one through the stock model."""
    losses = [cross_entropy(lm(row[None]).logits[0, :-1], row[1:], reduction="none") for row in documents()]
    return torch.cat(losses)


def gradients(lm, losses: torch.Tensor) -> dict[str, torch.Tensor]:
    lm.zero_grad()
    losses.sum().backward()
    return {name: parameter.grad.clone() for name, parameter in lm.named_parameters()}


def check_equal(lm, packed) -> None:
    *_, targets = row = packed_row()
    losses = packed(*row)
    assert torch.allclose(losses[targets >= 0], alone(lm), atol=1e-5)
    assert losses[targets < 0].abs().sum() == 0
    found, expected = gradients(lm, losses), gradients(lm, alone(lm))
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=2e-5, rtol=1e-4), name


def test_a_packed_row_equals_its_documents_alone(lm):
    check_equal(lm, NextTokenLoss(lm, is_bf16=False))


@pytest.mark.parametrize("model_type", list(hybrids.LAYERS))
def test_so_it_does_traced_by_the_compiler_and_with_our_attention(tokenizer, model_type):
    lm = model.build(tiny(model_type), tokenizer, "a")
    objective = NextTokenLoss(lm, is_bf16=False)
    check_equal(lm, torch.compile(objective, backend="aot_eager", fullgraph=True, dynamic=False))
    attention.register()
    lm.set_attn_implementation(attention.CPU_ATTENTION)
    losses = objective(*packed_row())
    lm.set_attn_implementation("sdpa")
    assert torch.allclose(losses[packed_row()[-1] >= 0], alone(lm), atol=1e-5)


@pytest.mark.parametrize("model_type", list(hybrids.LAYERS))
def test_without_segments_the_layers_of_a_hybrid_would_mix_documents(tokenizer, model_type):
    lm = model.build(tiny(model_type), tokenizer, "a").eval()
    ids, segments, positions, _, targets = packed_row()
    mask = attention.document_mask(segments)
    logits = lm(ids, attention_mask=mask, position_ids=positions).logits[0]
    losses = cross_entropy(logits, targets, ignore_index=IGNORE, reduction="none")
    assert (losses[targets >= 0] - alone(lm)).abs().max() > 1e-3


@pytest.mark.parametrize("model_type", list(hybrids.LAYERS))
def test_a_saved_hybrid_generates_the_same_tokens_in_stock_transformers(tokenizer, model_type, tmp_path):
    lm = model.build(tiny(model_type), tokenizer, "a").eval()
    prompts = [row.tolist() for row in documents()]
    said = generate(lm, prompts, end=1, max_new_tokens=12, batch_size=8)
    model.save(lm, tokenizer, tmp_path / "model")
    stock = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    for prompt, expected in zip(prompts, said, strict=True):
        ids = torch.tensor([prompt])
        output = stock.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, eos_token_id=1)
        assert output[0, len(prompt) :].tolist() == expected
    assert model.check_same_architecture(model.load(tmp_path / "model", tokenizer), tiny(model_type), tokenizer) is None


def test_the_convolution_counted_by_hand():
    ones = torch.tensor([[[1.0, 10.0, 100.0, 1000.0]]])
    segments = torch.tensor([[0, 0, 1, 1]])
    weight = torch.tensor([[4.0, 2.0, 1.0]])  # two back, one back, here
    out = isolation.causal_conv1d(ones, weight, torch.tensor([0.5]), seq_idx=segments)
    assert out.tolist() == [[[1.5, 12.5, 100.5, 1200.5]]]


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_the_scan_compiled_gives_the_same_gradients_with_heads_that_fill_no_vector():
    inductor.repair()  # without it: a crash, or gradients of `dt` overwritten
    make = torch.Generator().manual_seed(0)
    hidden = torch.randn(2, 32, 24, 32, generator=make, dtype=torch.bfloat16)
    dt, rates, write, read = (torch.randn(*size, generator=make) for size in ((2, 32, 24), (24,), *[(2, 32, 1, 4)] * 2))
    inputs = [hidden, dt, -rates.abs(), write, read]
    segments = torch.zeros(2, 32, dtype=torch.int32)

    def loss(*values):
        fixed = {"D": torch.ones(24), "dt_bias": torch.zeros(24), "dt_limit": (0.001, float("inf")), "chunk_size": 16}
        return mamba2_scan(*values, seq_idx=segments, **fixed).square().sum()

    for value in inputs:
        value.requires_grad_()
    found = torch.autograd.grad(torch.compile(loss, dynamic=False)(*inputs), inputs)
    for value, expected in zip(found, torch.autograd.grad(loss(*inputs), inputs), strict=True):
        assert torch.allclose(value.float(), expected.float(), rtol=1e-2, atol=1e-4 * float(expected.abs().max()))


def test_running_sums_by_a_product_are_those_of_torch():
    values = torch.randn(2, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(mamba2._sum_by_product(values), values.cumsum(-2), atol=1e-6)


def test_what_lfm2_takes_from_our_words(tokenizer):
    lm = model.build(tiny("lfm2"), tokenizer, "a")
    assert lm.config.layer_types == ["conv", "full_attention", "conv"]
    assert lm.model.layers[0].feed_forward.w1.weight.shape == (32, 16)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({}, "needs extra.full_attn_idxs: the layers that attend"),
        ({"full_attn_idxs": [3]}, r"\[3\] do not fit num_hidden_layers 3"),
        ({"full_attn_idxs": [1], "conv_bias": True}, "lets padding into short prompts"),
    ],
)
def test_an_lfm2_that_cannot_be_trained_is_refused(extra, message):
    with pytest.raises(ValueError, match=message):
        Model.model_validate(TINY | {"model_type": "lfm2", "num_hidden_layers": 3, "extra": extra})


def test_a_layer_kind_that_is_not_known_is_refused(tokenizer):
    sliding = {"layer_types": ["full_attention", "sliding_attention"]}
    with pytest.raises(UserError, match="sliding_attention cannot be trained on packed rows; use full_attention"):
        model.build(tiny("qwen3").model_copy(update={"extra": sliding}), tokenizer, "a")
