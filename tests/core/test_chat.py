"""The chat format: `render` and the template say the same, and `parse_completion` takes apart what they say."""

from itertools import product

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from pipeline.core import chat
from pipeline.core.chat import Completion, parse_completion, render, render_prompt
from pipeline.core.document import Document


def test_a_plain_text_carries_loss_from_its_first_character() -> None:
    assert render(Document(id="1", source="s", text="once upon")) == ("once upon<|end|>", 0)


def test_a_question_carries_loss_from_behind_its_prompt() -> None:
    document = Document(id="1", source="s", prompt="1 + 1 ?", reasoning="one more", answer="2")
    text, start = render(document)
    assert text == "<|user|>1 + 1 ?<|assistant|><think>one more</think>2<|end|>"
    assert text[start:] == "<think>one more</think>2<|end|>"
    assert text[:start] == render_prompt("1 + 1 ?")


def test_a_question_without_a_trace_has_no_think_tags() -> None:
    assert render(Document(id="1", source="s", prompt="q", answer="a")).text == "<|user|>q<|assistant|>a<|end|>"


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    words = [*chat.SPECIAL_TOKENS, "q", "a", "r", "<unk>"]
    model = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=model, pad_token=chat.PAD, eos_token=chat.END)
    fast.add_special_tokens({"additional_special_tokens": list(chat.SPECIAL_TOKENS[2:])})
    fast.chat_template = chat.CHAT_TEMPLATE
    return fast


@pytest.mark.parametrize("reasoning", ["", "r r"])
def test_the_template_says_what_render_says_and_where_loss_begins(
    tokenizer: PreTrainedTokenizerFast, reasoning: str
) -> None:
    text, start = render(Document(id="1", source="s", prompt="q q", reasoning=reasoning, answer="a"))
    messages = [{"role": "user", "content": "q q"}, {"role": "assistant", "reasoning": reasoning, "content": "a"}]
    assert tokenizer.apply_chat_template(messages, tokenize=False) == text
    encoded = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    num_prompt = len(tokenizer(text[:start])["input_ids"])
    num_said = len(tokenizer(text[start:])["input_ids"])
    assert encoded["input_ids"] == tokenizer(text)["input_ids"]
    assert encoded["assistant_masks"] == [0] * num_prompt + [1] * num_said


def test_the_templates_prompt_is_render_prompt(tokenizer: PreTrainedTokenizerFast) -> None:
    messages = [{"role": "user", "content": "q q"}]
    assert tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == render_prompt("q q")


@pytest.mark.parametrize(
    ("text", "completion"),
    [
        ("<think>one more</think>2<|end|>", ("one more", "2")),
        (" <think> one more </think> 2 <|end|> and on", ("one more", "2")),
        ("2<|end|>", (None, "2")),
        ("<think></think>2<|end|>", ("", "2")),
        ("2", (None, None)),  # no end mark
        ("<think>one more</think>2", ("one more", None)),
        ("<think>one more<|end|>", ("one more", None)),  # never stopped thinking
        ("<think>one more", ("one more", None)),
        ("<think>one</think><|end|>", ("one", None)),  # no answer
        ("<|end|>2<|end|>", (None, None)),
        ("", (None, None)),
        ("<think>a</think>b<think>c</think>2<|end|>", ("a", None)),  # thought twice
        ("2</think><|end|>", (None, None)),  # closed what it had not opened
        ("2<|user|>q<|end|>", (None, None)),
        ("2 <think>a</think><|end|>", (None, None)),  # thought afterwards
    ],
)
def test_a_completion_is_taken_apart(text: str, completion: tuple[str | None, str | None]) -> None:
    assert parse_completion(text) == Completion(*completion)


def test_what_is_rendered_is_parsed_back() -> None:
    for reasoning, answer in product(["", "one more"], ["2", "two words"]):
        document = Document(id="1", source="s", prompt="q", reasoning=reasoning, answer=answer)
        text, start = render(document)
        assert parse_completion(text[start:]) == (reasoning or None, answer)
