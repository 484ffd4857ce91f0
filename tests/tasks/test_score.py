"""The one scorer: what is right, what is well-formed, and that no text makes it raise."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.chat import SPECIAL_TOKENS
from pipeline.core.errors import UserError
from pipeline.tasks.gsm8k import final_number, last_number, read_rows, split_solution
from pipeline.tasks.score import Score, TaskProblem, score, score_all

WORLD = TaskProblem(
    id="w", task="story", domain="math", depth=2, template="0", structure="s", held_out=False,
    prompt="how many ?", answer="7", choices=tuple("0123456789"),
)  # fmt: skip
NUMBER = TaskProblem(
    id="g", task="gsm8k", domain="math", depth=0, template="", structure="", held_out=False,
    prompt="How many?", answer="1050", choices=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "answer", "correct"),
    [
        ("<think>a = 3 . b = 7</think>7<|end|>", "7", True),
        ("7<|end|>", "7", True),
        (" 7 <|end|>", "7", True),
        ("<think> a = 3 </think> 8 <|end|> 7", "8", False),
        ("<think></think>7<|end|>7<|end|>", "7", True),
        ("red<|end|>", "red", False),
    ],
)
def test_world_answer_is_one_word_whatever_it_says(text, answer, correct):
    assert score(WORLD, text) == Score(answer=answer, correct=correct, well_formed=True)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("7", "no answer with an end mark"),
        ("", "no answer with an end mark"),
        ("<think>7<|end|>", "no answer with an end mark"),
        ("<think>7</think><|end|>", "no answer with an end mark"),
        ("7 7<|end|>", "not one word: '7 7'"),
        ("it is 7<|end|>", "not one word: 'it is 7'"),
    ],
)
def test_world_answer_that_is_not_well_formed_says_why(text, error):
    assert score(WORLD, text) == Score(answer=None, correct=False, well_formed=False, error=error)


@pytest.mark.parametrize(
    "said",
    [
        *("1050", "$1,050", "1,050.00.", "= 1050", "is 7 and then 1050", "01050"),
        *("١٠٥٠", "१०५०", "１０５０", "１,０５０", "١٬٠٥٠", "１，０５０", "١٠٥٠٫٠", "１０５０．０"),
        *(r"\boxed{1050}", r"\boxed{\$1{,}050}", r"$$x = 1\,050$$", r"\(1\!,\!050\text{ apples}\)"),
        *(r"\boxed{7}" * 5000 + r"\boxed{1050}", r"\boxed{1050} for 7 days", "#### 1,050 (of 7)\n#### 8"),
    ],
)
def test_open_answer_is_the_number_it_ends_in_in_normal_form(said):
    assert score(NUMBER, f"<think>9</think>{said}<|end|>") == Score(answer="1050", correct=True, well_formed=True)


def test_open_answer_without_a_number_is_not_well_formed():
    found = score(NUMBER, "<think>1050</think>many<|end|>")
    assert found == Score(answer=None, correct=False, well_formed=False, error="no number: 'many'")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-3", "-3"), ("−1,234.50", "-1234.5"), ("10-3", "3"), (".5", "0.5"), ("-0.0", "0"), ("12,34", "34"),
        ("$-5", "-5"), ("-$5", "-5"), ("50%", "50"), ("v2", "2"), ("two", None), ("", None), ("007", "7"),
    ],
)  # fmt: skip
def test_last_number(text, number):
    assert last_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#### 18 dollars (2 x 9)", "18"), ("####\n#### $5.00\n#### 7", "5"), ("#### none, so 4", "4"),
        (r"\boxed{18} so 2 ducks", "18"), (r"\boxed{\text{yes}} and \boxed{3", "3"), (r"\boxed{x} or 7", "7"),
        (r"\boxed{\frac{36}{2}}", "18"), (r"\boxed{-\dfrac{1}{2}}", "-0.5"), (r"\boxed{\frac{36}{0}} is 4", "4"),
        (r"\boxed{1{,}000\text{ m}^2}", "1000"), (r"\boxed{\text{12 eggs}}", "12"), (r"\boxed{x_1 = -\$5}", "-5"),
        (r"\boxed{\frac12}", "0.5"), (r"\boxed{\frac{3}4 cup}", "0.75"), ("#### 1，2", "12"), ("1，2", "2"),
        (r"\boxed{" * 5000 + "3", "3"), (r"\boxed{x}" * 5000, None), ("{" * 10000, None), ("", None),
    ],
)  # fmt: skip
def test_final_number(text, number):
    assert final_number(text) == number


@given(st.lists(st.one_of(st.sampled_from(SPECIAL_TOKENS), st.text(max_size=12))).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_the_scorer_raise(text):
    for problem in (WORLD, NUMBER):
        found = score(problem, text)
        assert found.well_formed == (found.answer is not None) == (found.error is None)
        assert found.well_formed or not found.correct


def test_split_solution_drops_calculator_marks_and_normalises_the_number():
    answer = "She sold 48/2 = <<48/2=24>>24 in May.\nTogether 2,4<<x>>00.\n#### 2,400"
    assert split_solution(answer) == ("She sold 48/2 = 24 in May.\nTogether 2,400.", "2400")


@pytest.mark.parametrize("answer", ["no mark 7", "#### seven", ""])
def test_solution_without_a_final_number_is_the_users_mistake(answer):
    with pytest.raises(UserError, match="has no '#### <number>' line"):
        split_solution(answer)


def test_rows_are_read_in_order_and_a_bad_line_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": " q1 ", "answer": "#### 1"}\n\n{"question": "q2", "answer": "#### 2", "id": 3}\n')
    assert list(read_rows(path)) == [("q1", "#### 1"), ("q2", "#### 2")]
    path.write_text('{"question": "q1"}\n')
    with pytest.raises(UserError, match=r"rows.jsonl:1 lacks the text fields"):
        list(read_rows(path))
    path.write_text("nonsense\n")
    with pytest.raises(UserError, match=r"rows.jsonl:1 is no JSON"):
        list(read_rows(path))
    with pytest.raises(UserError, match="does not exist"):
        list(read_rows(tmp_path / "none.jsonl"))


class Broken(str):
    """An answer that cannot be compared."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        raise ValueError(f"no answer:\n{other}")


def test_a_scorer_that_raises_is_named_in_its_row_and_costs_no_other():
    broken = replace(WORLD, answer=Broken("7"))
    scores = score_all([WORLD, broken, WORLD], ["7<|end|>"] * 3)
    assert [each.correct for each in scores] == [True, False, True]
    assert scores[1] == score(broken, "7<|end|>")
    assert (scores[1].well_formed, scores[1].error) == (False, "scorer raised ValueError: no answer: 7")
