"""The chat format: how a question, a trace and an answer become text, in training and in eval.

One format for all stages, so that a base model is asked as it was taught. `render` is the fast path
for millions of documents; `CHAT_TEMPLATE` is the same thing for `tokenizer.apply_chat_template`
(a test holds the two equal). Loss falls on what the assistant says, end mark included.
"""

from typing import NamedTuple

from pipeline.core.document import Document

PAD, END, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"
THINK, UNTHINK = "<think>", "</think>"
SPECIAL_TOKENS = (PAD, END, USER, ASSISTANT, THINK, UNTHINK)  # ids 0-5 in every tokenizer we train

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{{ message['content'] }}"
    "{% elif message['role'] == 'system' %}{{ message['content'] }}"
    "{% else %}<|assistant|>{% generation %}"
    "{% if message['reasoning'] %}<think>{{ message['reasoning'] }}</think>{% endif %}"
    "{{ message['content'] }}<|end|>{% endgeneration %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


class Rendered(NamedTuple):
    """A document's text and the character at which its loss-bearing part begins (0: all of it)."""

    text: str
    loss_start: int


class Completion(NamedTuple):
    """What a model said: its trace (None: it did not think) and its answer (None: not well-formed)."""

    reasoning: str | None
    answer: str | None


def render(document: Document) -> Rendered:
    """The text that a model is trained on."""
    if not document.is_question:
        return Rendered(document.text + END, 0)
    prompt = render_prompt(document.prompt)
    thought = f"{THINK}{document.reasoning}{UNTHINK}" if document.reasoning else ""
    return Rendered(f"{prompt}{thought}{document.answer}{END}", len(prompt))


def render_prompt(prompt: str) -> str:
    """The text that a model is asked to complete."""
    return f"{USER}{prompt}{ASSISTANT}"


def parse_completion(text: str) -> Completion:
    """Take apart what was generated after `render_prompt`, special tokens kept.

    Well-formed is: an end mark; at most one thought, opened first and closed; an answer that is not
    empty; no further mark in either.
    """
    body, ended, _ = text.partition(END)
    reasoning, answer = None, body
    if body.lstrip().startswith(THINK):
        thought, closed, answer = body.partition(UNTHINK)
        reasoning = thought.lstrip().removeprefix(THINK).strip()
        if not closed:
            return Completion(reasoning, None)
    answer = answer.strip()
    is_clean = answer and not any(mark in part for mark in SPECIAL_TOKENS for part in (answer, reasoning or ""))
    return Completion(reasoning, answer if ended and is_clean else None)
