"""Controls: a knowledge base that is asked without being told, and instructions on the form of an answer."""

import re
from collections import Counter
from random import Random

import pytest

from pipeline.tasks.score import score
from pipeline.tasks.suite import Suite, WorldSuite, load_suite
from pipeline.tasks.world.base_text import base_text
from pipeline.tasks.world.corpus import documents
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.instruct import NUM_FORMS, instruct_problem
from pipeline.tasks.world.knowledge import FACTS, SORTS, knowledge_problem
from pipeline.tasks.world.lexicon import CREATURES, WORDS
from pipeline.tasks.world.split import split_of

BASE = BaseText(num_documents=1, knowledge_share=0.2, instruct_share=0.1, lookup_share=0.0)


def asked(name):
    world = WorldSuite(families=(name,), depths=(1,), problems_per_family=72, templates=1)
    return load_suite(Suite(name=name, world=world), study_key="k", data_root=None)


def drawn(count=1500):
    return list(documents(BASE, study_key="k", stream="base", split="train", count=count))


def test_base_text_states_every_fact_and_none_against_the_knowledge_base():
    true = {
        sort.statement.format(creature, value)
        for sort, known in zip(SORTS, FACTS, strict=True)
        for creature, value in zip(CREATURES, known, strict=True)
    }
    told = {each for i in range(300) for each in base_text(Random(i), "knowledge").removesuffix(" .").split(" . ")}
    assert told == true
    assert len(true) == 80
    plain = " . ".join(base_text(Random(i), kind) for i in range(200) for kind in ("narrative", "description", "echo"))
    for each in re.findall(r"every \w+ (?:eats|sleeps in|likes|is) \w+", plain):
        assert each in true


def test_what_eval_asks_of_the_knowledge_base_no_training_question_asks():
    trained = {document.structure for document in drawn() if document.family == "knowledge" and document.is_question}
    problems = asked("knowledge")
    assert len(trained) > 40
    assert not trained & {problem.structure for problem in problems}
    assert len({problem.structure for problem in problems}) >= 6
    assert len({problem.prompt for problem in problems}) == 72


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_a_question_about_knowledge_does_not_hold_its_answers_fact(split):
    for i in range(200):
        problem = knowledge_problem(Random(i), split)
        *facts, question = problem.prompt.split(" . ")
        assert split_of(problem.structure) == split
        assert not any(fact.split(" ")[1] == question.split(" ")[1] for fact in facts)
        assert 2 <= len(facts) <= 4
        assert problem.answer in problem.choices


def test_the_told_facts_say_little_of_the_asked_one():
    problems = [knowledge_problem(Random(i), "train") for i in range(1000)]
    told = sum(f" {problem.answer} " in problem.prompt for problem in problems) / 1000
    assert told < 0.3  # three values of 8 to 18 were told: a tenth to a third would hold it by chance


def test_an_instruction_is_followed_or_not_whatever_the_answer_is():
    for problem in asked("instruct"):
        assert score(problem, f"{problem.answer}<|end|>").correct
        said = re.sub(r"\b\w+\b", "zebra", problem.answer)
        is_twice = problem.form.startswith("(")
        wrong = score(problem, f"{said}<|end|>")
        assert (wrong.well_formed, wrong.correct) == (is_twice, False)
        assert not score(problem, f"{problem.answer.split()[0]}<|end|>").well_formed
        assert (problem.is_lookup, problem.choices) == (True, ())


def test_forms_are_equally_often_and_words_of_the_lexicon():
    problems = [instruct_problem(Random(i)) for i in range(800)]
    counts = Counter(problem.template for problem in problems)
    assert len(counts) == NUM_FORMS
    assert min(counts.values()) > 140
    for problem in problems:
        assert set(f"{problem.prompt} {problem.answer}".split(" ")) <= set(WORDS)


def test_base_text_holds_its_shares_of_them_and_reasoning_corpora_may():
    families = Counter((document.family, document.is_question) for document in drawn())
    assert families["instruct", True] == pytest.approx(150, abs=50)
    assert families["knowledge", True] == pytest.approx(60, abs=33)
    assert families["knowledge", False] == pytest.approx(240, abs=60)
    dials = Reasoning(
        num_documents=1, families=("isa",), templates=1, depths={1: 1.0}, styles={"terse": 1.0}, instruct_share=0.3
    )
    made = list(documents(dials, study_key="k", stream="s", split="train", count=400))
    assert sum(document.family == "instruct" for document in made) == pytest.approx(120, abs=40)
