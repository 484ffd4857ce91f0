"""A tiny model with random weights that reads any bytes, and a data root with a few rows of three benchmarks."""

import json

import pytest
from byte_tokens import byte_backend
from transformers import PreTrainedTokenizerFast

from pipeline.core.chat import CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS
from pipeline.eval.examinee import Examinee
from pipeline.lm.config import Model
from pipeline.lm.models.model import build

MODEL = Model(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=64,
    max_position_embeddings=1024,
)


def byte_tokenizer():
    return PreTrainedTokenizerFast(
        tokenizer_object=byte_backend([PAD, END], SPECIAL_TOKENS[2:]),
        pad_token=PAD,
        eos_token=END,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )


@pytest.fixture(scope="session")
def examinee():
    tokenizer = byte_tokenizer()
    return Examinee(build(MODEL, tokenizer, "harness").eval(), tokenizer, 3)


@pytest.fixture(scope="session")
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for folder in ("gsm8k", "llm_foundry_eval/world_knowledge", "bbh/bbh"):
        (root / folder).mkdir(parents=True)
    gsm8k = [{"question": f"{n} pears and {n} plums?", "answer": f"{n} + {n}\n#### {2 * n}"} for n in range(11)]
    for split, rows in (("train", gsm8k[:6]), ("test", gsm8k[6:])):
        (root / f"gsm8k/{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arc = [
        {"query": f"Question: Why {n}?", "choices": ["sun", "rain", "no wind", "ice"], "gold": n % 4} for n in range(5)
    ]
    for name in ("arc_challenge", "arc_easy"):
        file = root / f"llm_foundry_eval/world_knowledge/{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in arc))
    (root / "bbh/bbh/boolean_expressions.json").write_text(
        json.dumps({"examples": [{"input": "not True is", "target": "False"}]})
    )
    return root
