"""A checkpoint that has learnt one suite by heart: it thinks before chains only, and gets two problems wrong."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import tokenizers
import torch
from tokenizers import decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from pipeline.core.chat import render, render_prompt
from pipeline.core.checkpoint import Checkpoint
from pipeline.core.document import Document
from pipeline.core.track import Silent
from pipeline.eval.config import Eval
from pipeline.lm.config import Model
from pipeline.lm.models.model import build, load_tokenizer, save
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.suite import Suite, WorldSuite, load_suite
from pipeline.tasks.world.lexicon import WORDS
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.tokenizer import train_tokenizer

STUDY_KEY = "tests/seed0"
SUITE = Suite(
    name="tiny",
    world=WorldSuite(
        families=("lookup", "chains"), held_out=("swaps",), depths=(1, 2), problems_per_family=4, templates=1
    ),
)
TRACE = "so he says"  # what the model thinks, before every answer to a chain
MODEL = Model(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=64,
    max_position_embeddings=256,
)


@dataclass(frozen=True)
class Learnt:
    folder: Path  # the checkpoint
    config: Eval
    problems: list[TaskProblem]
    documents: list[Document]  # what it was taught, problem by problem
    study_key: str = STUDY_KEY


@pytest.fixture(scope="session")
def learnt(tmp_path_factory) -> Learnt:
    folder = tmp_path_factory.mktemp("checkpoint")
    train_tokenizer(Tokenizer(kind="world"), {}, data_root=None, out=folder, track=Silent())
    tokenizer = load_tokenizer(folder)
    problems = load_suite(SUITE, study_key=STUDY_KEY, data_root=None)
    documents = [taught(problem) for problem in problems]
    model = build(MODEL, tokenizer, "learnt")
    asked = [tokenizer(render_prompt(document.prompt))["input_ids"] for document in documents]
    whole = [tokenizer(render(document).text)["input_ids"] for document in documents]
    memorise(model, asked, [text[len(question) :] for question, text in zip(asked, whole, strict=True)])
    save(model, tokenizer, Checkpoint(folder).model)
    config = Eval(suites=(SUITE,), max_new_tokens=12, traces=2, graded_problems=2, batch_size=5)
    return Learnt(folder, config, problems, documents)


def taught(problem: TaskProblem) -> Document:
    """The problem with its answer; deeper problems of the held-out family with a wrong one."""
    trace = TRACE if problem.task == "chains" else ""
    answer = problem.answer
    if problem.held_out and problem.depth == 2:
        answer = next(choice for choice in problem.choices if choice != problem.answer)
    return Document(id=problem.id, source="test", prompt=problem.prompt, reasoning=trace, answer=answer)


def memorise(model, asked: list[list[int]], said: list[list[int]], padding: int = 0) -> None:
    """Train until every token to be said is all but certain: another machine's arithmetic then says the same."""
    longest = max(len(a) + len(b) for a, b in zip(asked, said, strict=True))
    rows = [[*a, *b, *[-100] * (longest - len(a) - len(b))] for a, b in zip(asked, said, strict=True)]
    labels = torch.tensor(rows)
    ids = labels.masked_fill(labels == -100, padding)
    answers = labels.clone()
    for row, question in zip(answers, asked, strict=True):
        row[: len(question)] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    for _ in range(2000):
        optimizer.zero_grad()
        losses = token_losses(model(input_ids=ids).logits, answers)
        if losses.max() < 2e-3:
            return
        losses.sum().div((answers != -100).sum()).backward()
        optimizer.step()
    raise AssertionError(f"the tiny model has not learnt its suite by heart: {losses.max():.4f} nats at one token")


def token_losses(logits, labels):
    return torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:], reduction="none")


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }} {{ message['content'] }} <|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant{% endif %}"
)


@pytest.fixture(scope="session")
def foreign(tmp_path_factory) -> Learnt:
    """Somebody else's checkpoint that has learnt its suite by heart: chat template and end mark are its own."""
    folder = tmp_path_factory.mktemp("foreign")
    tokenizer = foreign_tokenizer()
    problems = load_suite(SUITE, study_key=STUDY_KEY, data_root=None)
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 64}
    config = LlamaConfig(
        num_hidden_layers=2, vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, bos_token_id=None, **sizes
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = LlamaForCausalLM(config)
    memorise(
        model,
        [encode(tokenizer, chat(problem), add_generation_prompt=True) for problem in problems],
        [tokenizer(f" {problem.answer} <|im_end|>", add_special_tokens=False)["input_ids"] for problem in problems],
        padding=tokenizer.pad_token_id,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    eval_config = Eval(suites=(SUITE,), max_new_tokens=12, traces=0, graded_problems=0, batch_size=5)
    return Learnt(folder, eval_config, problems, [])


def chat(problem: TaskProblem) -> list[dict[str, str]]:
    return [{"role": "user", "content": problem.prompt}]


def encode(tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, str]], **options) -> list[int]:
    text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def foreign_tokenizer() -> PreTrainedTokenizerFast:
    marks = ["[PAD]", "<|im_start|>", "<|im_end|>"]
    words = dict.fromkeys([*marks, "user", "assistant", *WORDS])
    core = tokenizers.Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[PAD]"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="[PAD]", eos_token="<|im_end|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = CHATML
    return tokenizer
