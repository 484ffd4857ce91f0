"""Adversarial chains of thought: one edited step, honest work behind it, and the gold answer nowhere."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.core.seeds import rng
from pipeline.tasks.gsm8k import last_number, split_solution
from pipeline.tasks.reflection.chain import run, write
from pipeline.tasks.reflection.config import ReflectionFile, ReflectionSuite, ReflectionWorld
from pipeline.tasks.reflection.gsm8k_chain import gsm8k_chain
from pipeline.tasks.reflection.items import reflection_items
from pipeline.tasks.reflection.perturb import PERTURBATIONS, leaks, perturb
from pipeline.tasks.reflection.world_chain import CALCULATING, world_chain
from pipeline.tasks.world.check import check_trace
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.lexicon import WORDS

DATA = Path(__file__).parents[3] / "shared" / "data"
WORLD = ReflectionSuite(
    world=ReflectionWorld(families=CALCULATING, depths=(2, 3, 4, 5, 6), templates=3, problems=15),
)
QUESTION = "Ann has 16 hens and eats 3 eggs; 4 go to Bob. Each other egg sells for $2. What does she get?"
SOLUTION = (
    "Ann sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe gets 9 * 2 = $<<9*2=18>>18 for the 9 eggs.\n"
    "Twice that is 2 x $18=$<<2*18=36>>36.\n#### 36"
)


def world_items():
    return list(reflection_items("r", "test", WORLD, "tests/seed0", None))


@pytest.fixture(scope="module")
def items():
    return world_items()


@pytest.mark.parametrize(
    ("kind", "lines", "answer", "position"),
    [
        ("begin_factor", ("32 - 3 - 4 = 25", "25 * 2 = $50 for the 25", "2 * 50 = $100"), "100", 0),
        ("middle_arithmetic", ("16 + 3 - 4 = 15", "15 * 2 = $30 for the 15", "2 * 30 = $60"), "60", 0),
        ("middle_omission", ("16 - 3 = 13", "13 * 2 = $26 for the 13", "2 * 26 = $52"), "52", 0),
        ("end_arithmetic", ("16 - 3 - 4 = 9", "9 * 2 = $18 for the 9", "2 + 18 = $20"), "20", 2),
        ("end_omission", ("16 - 3 - 4 = 9", "9 * 2 = $18 for the 9", "2 = $2"), "2", 2),
    ],
)
def test_each_edit_of_a_solution_and_all_that_follows_from_it(kind, lines, answer, position):
    adversary = perturb(gsm8k_chain(QUESTION, SOLUTION), kind, "36", rng("x"))
    assert adversary.text == f"Ann sells {lines[0]} eggs.\nShe gets {lines[1]} eggs.\nTwice that is {lines[2]}."
    assert (adversary.answer, adversary.position) == (answer, position)


def test_a_calculation_too_many_is_the_world_s_plus_and_the_files_times():
    text = perturb(gsm8k_chain(QUESTION, SOLUTION), "end_extraneous", "36", rng("x")).text
    assert re.search(r"is 2 \* 18 \* [23] = \$(72|108)\.$", text)
    problem = FAMILIES["story"].make(rng("s"), 2, 0)
    spoilt = perturb(world_chain(problem), "end_extraneous", "none", rng("x")).text
    assert re.search(r"\d [+-] \d [+] [1-9] = \d$", spoilt)


@pytest.mark.parametrize(
    "solution",
    [
        "He has 2 apples.\n#### 2",  # no mark
        "5 + 3 = <<5+3=8>>8 and 8 + 1 = <<8+1=9>>9\n#### 9",  # two in a line
        "He has 5 + 3 = <<5+3=9>>9\n#### 9",  # not what the formula gives
        "He has 5 and 3 = <<5+3=8>>8\n#### 8",  # not written as the mark has it
        "He has 5 + 3 = <<5+3=8>>8\nThat is 8 - 4 = <<8-4=4>>4\n#### 5",  # another answer
        "It is 16 - 0 = <<16-0=16>>16\nThen 16 - 4 = <<16-4=12>>12\n#### 12",  # its 16, or the question's?
        "It is 10 / 0 = <<10/0=1>>1\n#### 1",
        "It is (10 + 2 = <<(10+2=12>>12\n#### 12",
        "#### 3",
    ],
)
def test_a_solution_that_cannot_be_read_for_sure_is_left_out(solution):
    assert gsm8k_chain(QUESTION, solution) is None


@pytest.mark.parametrize("family", CALCULATING)
def test_the_world_s_steps_are_read_back_word_for_word(family):
    for i in range(60):
        problem = FAMILIES[family].make(rng("chain", family, i), 1 + i % 6, i % 3)
        chain = world_chain(problem)
        assert write(chain, run(chain)) == " . ".join(step.text for step in problem.steps)


def test_every_world_item_has_one_false_step_and_the_others_follow(items):
    for item in items:
        shown, true = item.chain_of_thought.split(" . "), item.true_chain_of_thought.split(" . ")
        assert len(shown) == len(true) == item.depth
        holds, edited = starts(item), []
        for index, (said, meant) in enumerate(zip(shown, true, strict=True)):
            assert said.split()[0] == meant.split()[0]
            if not is_step_true(said, meant, holds, item):
                edited.append(index)
            holds[target(said, item)] = int(said.split()[-1])
        assert edited == [item.position], item
        assert shown[-1].split()[-1] == item.adversarial


def formula(step):
    """Operand, sign and operand that a step says, after what it quotes."""
    return step.rpartition(" : ")[2].split()[:3]


def target(step, item):
    """Which running number a step sets: one of the two of a program, else the only one."""
    return step.split()[-2] if item.task == "program" else "running"


def starts(item):
    """The running numbers that the question gives; of the only one nothing is known before the true first step."""
    if item.task == "program":
        return {name: int(digit) for name, digit in re.findall(r"(?<!\S)([u-z]) (?:=|is|:) (\d)(?= ;)", item.prompt)}
    return {"running": int(formula(item.true_chain_of_thought.split(" . ")[0])[0])}


def is_step_true(said, meant, holds, item):
    """Whether a step does what the question asks of it, given what the steps before it said."""
    left, sign, right = formula(meant)
    if item.task == "program":
        label, name, *_ = meant.rpartition(" ; ")[2].split()
        line = re.search(rf"(?<!\S){label} {name} (?:=|becomes|:) (\S+) ([+-]) (\S+)", item.prompt)
        left, sign, right = (str(holds.get(word, word)) for word in line.groups())
    else:
        left = str(holds["running"])
    total = int(left) + (int(right) if sign == "+" else -int(right))
    return formula(said) == [left, sign, right] and total % 10 == int(said.split()[-1])


def test_no_emitted_item_gives_the_gold_answer_away(items):
    for item in items:
        assert item.answer not in item.chain_of_thought.split()
        assert item.adversarial != item.answer
        assert item.adversarial in item.choices
        assert set(item.chain_of_thought.split()) <= set(WORDS)


def test_a_world_suite_is_whole_balanced_and_the_same_each_time(items):
    cells = [(item.task, item.perturbation) for item in items]
    assert {cells.count(cell) for cell in cells} == {15}
    assert len(set(cells)) == len(CALCULATING) * 7
    assert len({item.id for item in items}) == len({item.prompt for item in items}) == len(items)
    assert world_items() == items
    assert {item.held_out for item in items if item.task == "compare"} == {True}
    assert all(item.opening == item.chain_of_thought for item in items)


def test_the_true_trace_of_an_item_is_true(items):
    for item in items[::7]:
        texts = item.true_chain_of_thought.split(" . ")
        assert texts[-1].split()[-1] == item.answer
        assert item.position == (len(texts) - 1 if item.perturbation.startswith("end") else 0)


def test_leaks_sees_words_and_numbers_in_any_form():
    assert leaks("b = a + 3 = 5", "5")
    assert leaks("so $1,050.00 it is", "1050")
    assert leaks("the cup is with ana", "ana")
    assert not leaks("b = a + 3 = 55", "5")


def test_file_items_are_those_rows_that_can_be_read(tmp_path):
    rows = [(QUESTION, SOLUTION), ("q", "no marks\n#### 1")]
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in rows]
    (tmp_path / "g.jsonl").write_text("\n".join(lines))
    suite = ReflectionSuite(gsm8k=ReflectionFile(path="g.jsonl", num_rows=2))
    found = list(reflection_items("g", "test", suite, "k", tmp_path))
    assert {item.problem.id for item in found} == {"gsm8k-0"}
    assert [item.perturbation for item in found] == list(PERTURBATIONS)
    for rows_asked, root, message in ((2, None, "data_root is not set"), (3, tmp_path, "has 2 rows, fewer")):
        bad = ReflectionSuite(gsm8k=ReflectionFile(path="g.jsonl", num_rows=rows_asked))
        with pytest.raises(UserError, match=message):
            list(reflection_items("g", "test", bad, "k", root))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"real GSM8K is not at {DATA}")
def test_real_solutions_give_many_items_none_with_its_gold_answer():
    suite = ReflectionSuite(gsm8k=ReflectionFile(path="gsm8k/test.jsonl", num_rows=500))
    found = list(reflection_items("g", "test", suite, "k", DATA))
    assert len(found) > 1000
    assert {item.perturbation for item in found} == set(PERTURBATIONS)
    for item in found:
        numbers = [last_number(number) for number in re.findall(r"[\d,.]*\d", item.chain_of_thought)]
        assert item.answer not in numbers
        shown, true = item.chain_of_thought.splitlines(), item.true_chain_of_thought.splitlines()
        assert len(shown) == len(true)
        assert [skeleton(a) != skeleton(b) or None for a, b in zip(shown, true, strict=True)].count(True) <= 1
        assert shown[: item.position] == true[: item.position]
        assert shown[item.position] != true[item.position]


def skeleton(line):
    return re.sub(r"[\d.,]*\d", "#", line)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "exactly one of `world` and `gsm8k`"),
        ({"world": {"families": ["isa"], "depths": [2], "templates": 1, "problems": 1}}, "'isa' does not calculate"),
        ({"world": {"families": ["story"], "depths": [1], "templates": 1, "problems": 1}}, "no first and last step"),
        ({"world": WORLD.world, "triggers": {"wait": "Wait,"}}, "'Wait,', no word of the world"),
        ({"world": WORLD.world, "perturbations": ()}, "at least one of `perturbations`"),
        ({"world": WORLD.world, "perturbations": ("noise",)}, "Input should be 'begin_factor'"),
    ],
)
def test_a_suite_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        ReflectionSuite(**change)


def test_a_trigger_only_adds_to_the_end():
    assert [WORLD.suffix(text) for text in WORLD.asked_triggers.values()] == ["", " . but", " . but it is not so"]
    texts = ReflectionSuite(gsm8k=ReflectionFile(path="x", num_rows=1))
    assert [texts.suffix(t) for t in texts.asked_triggers.values()] == ["", " Wait,", " Wait, I made a mistake"]


def test_check_of_the_world_agrees_that_the_edited_step_is_the_first_false_one():
    for family in CALCULATING:
        problem = FAMILIES[family].make(rng("check", family), 4, 0)
        for kind in PERTURBATIONS:
            adversary = perturb(world_chain(problem), kind, "no gold", rng("x"))
            if adversary is not None:
                assert check_trace(problem, adversary.text).first_wrong == adversary.position


def test_split_solution_and_chain_agree_on_the_answer():
    assert split_solution(SOLUTION)[1] == "36"
    assert [str(result) for result in run(gsm8k_chain(QUESTION, SOLUTION))] == ["9", "18", "36"]
