import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.core.chat import CHAT_TEMPLATE
from pipeline.core.errors import UserError
from pipeline.lm.config import Model
from pipeline.lm.models import attention, fitting, model

TINY = Model(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=32,
    max_position_embeddings=32,
)


@pytest.fixture
def tokenizer(training_world):
    return model.load_tokenizer(training_world.tokenizer)


def test_equal_keys_give_equal_weights_and_other_keys_others(tokenizer):
    one, same, other = (model.build(TINY, tokenizer, key) for key in ("a", "a", "b"))
    for left, right in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(left, right)
    assert not torch.equal(one.get_input_embeddings().weight, other.get_input_embeddings().weight)


def test_building_leaves_the_global_generator_alone(tokenizer):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model.build(TINY, tokenizer, "a")
    assert torch.equal(torch.rand(1), expected)


def test_a_saved_model_opens_with_stock_transformers_and_knows_its_marks(tokenizer, tmp_path):
    lm = model.build(TINY, tokenizer, "a")
    ids = torch.arange(6, 20)[None]
    expected = lm(ids).logits
    attention.register()
    lm.set_attn_implementation(attention.CPU_ATTENTION)
    model.save(lm, tokenizer, tmp_path / "model")
    opened = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert torch.allclose(opened(ids).logits, expected, atol=1e-6)
    assert (opened.config.pad_token_id, opened.config.eos_token_id, opened.config.use_cache) == (0, 1, True)
    assert opened.config.tie_word_embeddings
    assert AutoTokenizer.from_pretrained(tmp_path / "model").chat_template == CHAT_TEMPLATE
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert attention.CPU_ATTENTION not in (tmp_path / "model" / "config.json").read_text()


def test_the_mask_lets_a_token_see_its_own_past_only_and_padding_itself():
    seen = attention.document_mask(torch.tensor([[0, 0, 1, -1, -1]]))[0, 0].int().tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize(("longest", "stretch"), [(512, 48), (512, 5), (0, 48)])
def test_our_attention_agrees_with_the_stock_one(tokenizer, monkeypatch, longest, stretch):
    monkeypatch.setattr(attention, "_LONGEST_EXPLICIT", longest)
    monkeypatch.setattr(attention, "_STRETCH", stretch)
    lm = model.build(TINY, tokenizer, "a").eval()
    mask = attention.document_mask(torch.tensor([[0] * 7 + [1] * 9]))
    ids = torch.randint(6, 40, (1, 16))
    stock = lm(ids, attention_mask=mask).logits
    attention.register()
    lm.set_attn_implementation(attention.CPU_ATTENTION)
    assert torch.allclose(lm(ids, attention_mask=mask).logits, stock, atol=1e-6)


def test_a_vocabulary_smaller_than_the_tokenizers_is_refused(tokenizer):
    with pytest.raises(UserError, match=r"vocabulary of 39 .* smaller than the tokenizer's 40"):
        model.build(TINY.model_copy(update={"extra": {"vocab_size": 39}}), tokenizer, "a")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"initialiser_range": 0.1},
            r"extra\.initialiser_range: .* qwen3 has no such setting; did you mean 'initializer_r",
        ),
        ({"initializer_range": "wide"}, "transformers cannot build this qwen3: .*initializer_range"),
    ],
)
def test_an_extra_that_transformers_would_pass_over_or_choke_on_is_refused(tokenizer, extra, message):
    with pytest.raises(UserError, match=message) as caught:
        model.build(TINY.model_copy(update={"extra": extra}), tokenizer, "a")
    assert "\n" not in str(caught.value)


def test_settings_that_transformers_takes_by_an_older_name_reach_it(tokenizer):
    lm = model.build(TINY.model_copy(update={"extra": {"rope_theta": 500.0}}), tokenizer, "a")
    assert lm.config.rope_parameters["rope_theta"] == 500


def test_an_unknown_kind_of_model_is_refused_with_the_list_of_what_works(tokenizer):
    with pytest.raises(UserError, match=r"'mamba2' .* qwen3, .*lfm2"):
        model.build(TINY.model_copy(update={"model_type": "mamba2"}), tokenizer, "a")


def test_rows_longer_than_the_models_positions_are_refused(tokenizer):
    lm = model.build(TINY, tokenizer, "a")
    fitting.check_length(lm, 32)
    with pytest.raises(UserError, match="33 is over the model's max_position_embeddings 32"):
        fitting.check_length(lm, 33)


def test_a_checkpoint_of_another_architecture_or_tokenizer_is_refused(tokenizer, tmp_path):
    model.save(model.build(TINY, tokenizer, "a"), tokenizer, tmp_path / "model")
    loaded = model.load(tmp_path / "model", tokenizer)
    model.check_same_architecture(loaded, TINY, tokenizer)
    with pytest.raises(UserError, match="intermediate_size=32, the recipe asks for 48"):
        model.check_same_architecture(loaded, TINY.model_copy(update={"intermediate_size": 48}), tokenizer)
    tokenizer.add_tokens(["new"])
    with pytest.raises(UserError, match="smaller than the tokenizer's 41"):
        model.load(tmp_path / "model", tokenizer)


def test_a_checkpoint_of_a_tokenizer_with_other_words_is_refused(tokenizer, training_world, tmp_path):
    model.save(model.build(TINY, tokenizer, "a"), tokenizer, tmp_path / "model")
    other = training_world.tokenizer / "tokenizer.json"
    other.write_text(other.read_text().replace('"w7"', '"another"'))
    with pytest.raises(UserError, match="was trained with another tokenizer; give the one it was trained with"):
        model.load(tmp_path / "model", model.load_tokenizer(training_world.tokenizer))
