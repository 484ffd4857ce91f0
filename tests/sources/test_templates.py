"""Rows of any data set by declaration: templates, columns, values, marks."""

import json

import pytest
from pydantic import ValidationError
from test_collect_files import gather

from pipeline.core.errors import UserError
from pipeline.sources.config import Files


def one(tmp_path, row, **options):
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    ((document,), _, _) = gather(tmp_path, Files(paths=("a.jsonl",), heldout_share=0, **options))
    return document


def parts(document):
    return document.prompt, document.reasoning, document.answer


CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "1 + 1?"},
    {"role": "assistant", "content": "<think>\none and one\nmake two\n</think>\n\n2"},
]


def test_a_conversation_becomes_question_thought_and_answer(tmp_path):
    document = one(tmp_path, {"messages": CHAT}, template="chat")
    assert parts(document) == ("Be brief.\n\n1 + 1?", "one and one\nmake two", "2")
    assert document.num_steps == 2


def test_conversations_in_other_words_are_the_same(tmp_path):
    shared = [{"from": "human", "value": "1 + 1?"}, {"from": "gpt", "value": "<think>two</think>2"}]
    options = {"template": "chat", "columns": {"messages": "conversations"}}
    assert parts(one(tmp_path, {"conversations": shared}, **options)) == ("1 + 1?", "two", "2")
    assert parts(one(tmp_path, {"conversations": json.dumps(shared)}, **options)) == ("1 + 1?", "two", "2")
    blocks = [{"role": "user", "content": [{"type": "text", "text": "1 + 1?"}]},
              {"role": "assistant", "content": "2", "reasoning_content": "two"}]  # fmt: skip
    assert parts(one(tmp_path, {"messages": blocks}, template="chat")) == ("1 + 1?", "two", "2")


def test_earlier_turns_are_told_apart_by_their_roles(tmp_path):
    turns = [*CHAT[1:], {"role": "user", "content": "And 3?"}, {"role": "assistant", "content": "3"}]
    prompt, reasoning, answer = parts(one(tmp_path, {"messages": turns}, template="chat", marks=[]))
    assert prompt.startswith("User: 1 + 1?\n\nAssistant: <think>")
    assert prompt.endswith("User: And 3?")
    assert (reasoning, answer) == ("", "3")


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([{"role": "assistant", "content": "2"}], "no turn of an assistant with a user's before it"),
        ("hello", "messages are no list"),
        ([{"content": "2"}], "a message has no role"),
        ([CHAT[1], {"role": "assistant", "content": "<think>for ever"}], "a thought is opened .* and not closed"),
    ],
)
def test_a_broken_conversation_is_named(tmp_path, messages, message):
    with pytest.raises(UserError, match=message):
        one(tmp_path, {"messages": messages}, template="chat")


QA = {"prompt": "q", "answer": "a"}


@pytest.mark.parametrize(
    ("answer", "options", "reasoning", "final"),
    [
        ("<think>a</think>b<think>c</think>d", {"marks": ["think"]}, "a\nc", "bd"),
        ("a</think>b", {"marks": ["think"]}, "a", "b"),  # the opening tag stood in the prompt
        ("<T>a</T>b", {"marks": ["think"], "think_tags": ["<T>", "</T>"]}, "a", "b"),
        ("6/2 = <<6/2=3>>3 each\n#### 3", {"marks": ["gsm8k"]}, "6/2 = 3 each", "3"),
        ("so \\boxed{\\frac{1}{2}}.", {"marks": ["boxed"]}, "so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("<think>t</think>so \\boxed{2}", {"marks": ["think", "boxed"]}, "t\nso \\boxed{2}", "2"),
        ("<think>a</think>b", {}, "", "<think>a</think>b"),  # nothing declared, nothing read
    ],
)
def test_marks_are_read_where_declared(tmp_path, answer, options, reasoning, final):
    document = one(tmp_path, {"prompt": "q", "answer": answer}, template="qa", **options)
    assert (document.reasoning, document.answer) == (reasoning, final)


def test_columns_are_paths_and_texts_and_values_have_names(tmp_path):
    row = {"q": {"text": "why?"}, "options": ["A)1", "B)2"], "steps": ["s", "t"], "ok": True, "kind": "math", "n": 7}
    document = one(
        tmp_path,
        row,
        template="qa",
        columns={"prompt": "{q.text}\n{options}", "reasoning": "steps", "answer": "ok", "id": "no-{n}"},
        values={"answer": {"true": "yes"}},
        domain="{kind}",
        keep=["n"],
    )
    assert parts(document) == ("why?\nA)1\nB)2", "s\nt", "yes")
    assert (document.id, document.domain, document.metadata, document.num_steps) == ("no-7", "math", '{"n":7}', 2)


def test_steps_are_counted_by_their_declared_mark(tmp_path):
    row = {**QA, "reasoning": "First a. Then b. So c."}
    assert one(tmp_path, row, template="qa", step_mark=r"(?<=\.)\s").num_steps == 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"step_mark": "("}, "no regular expression"),
        ({"encoding": "utf-99"}, "not known"),
        ({"think_tags": ["<a>"]}, "give the two"),
        ({"template": "poem"}, "Input should be"),
    ],
)
def test_a_wrong_declaration_is_found_before_anything_is_read(wrong, message):
    with pytest.raises(ValidationError, match=message):
        Files(paths=("a",), **wrong)
