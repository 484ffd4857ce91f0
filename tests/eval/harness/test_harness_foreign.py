"""A checkpoint that was not made here - its own first token, end and chat template - scores as with plain `lm_eval`."""

import pytest
import torch
from byte_tokens import byte_backend
from lm_eval.models.huggingface import HFLM
from tokenizers.processors import TemplateProcessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from pipeline.eval.examinee import Examinee
from pipeline.eval.harness.run import _evaluate, open_suite
from pipeline.tasks.harness.config import HarnessSuite

TASKS = {
    "arc_challenge": {"dataset": "allenai/ai2_arc", "metric": "acc_norm"},
    "gsm8k": {"dataset": "openai/gsm8k", "metric": "exact_match", "filter": "flexible-extract", "max_gen_toks": 40},
}
TEMPLATE = (
    "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}{{ '[bot]' if add_generation_prompt }}"
)


@pytest.fixture(scope="module")
def foreign():
    backend = byte_backend(["<s>", "</s>"])
    backend.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    names = ["input_ids", "attention_mask"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, chat_template=TEMPLATE, model_input_names=names, **marks
    )
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=1, pad_token_id=1, **sizes)
    return Examinee(LlamaForCausalLM(config).eval(), tokenizer, 4, ends=(1,))


@pytest.mark.parametrize("apply_chat_template", [False, True])
def test_it_says_and_weighs_what_it_does_with_the_harness_s_own_model(apply_chat_template, foreign, data_root):
    suite = HarnessSuite(tasks=TASKS, limit=3, apply_chat_template=apply_chat_template)
    plain = HFLM(pretrained=foreign.model, tokenizer=foreign.tokenizer, batch_size=2)
    with open_suite("suite", suite, foreign, "k", data_root) as benchmarks:
        ours = {int(row["problem"].split("-")[1]): row for row in benchmarks.rows(int) if row["task"] == "gsm8k"}
        weighed = [row["choice_logprobs"] for row in benchmarks.rows(int) if row["task"] == "arc_challenge"]
        arc, gsm8k = (_evaluate(plain, loaded, suite)["samples"][loaded.asked.task] for loaded in benchmarks.loaded)
    for sample in gsm8k:
        assert ours[sample["doc_id"]]["completion"].removesuffix("<|end|>") == sample["resps"][0][0]
    for logprobs, sample in zip(weighed, arc, strict=True):
        assert logprobs == pytest.approx([response[0][0] for response in sample["resps"]], abs=1e-4)
