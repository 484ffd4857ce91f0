"""Suites: balanced, without repeats, away from what is trained, the same for every checkpoint."""

import json
from collections import Counter

import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.tasks.score import score
from pipeline.tasks.suite import Gsm8kSuite, Suite, WorldSuite, load_suite
from pipeline.tasks.world.corpus import documents
from pipeline.tasks.world.dials import Reasoning
from pipeline.tasks.world.families import HELD_OUT, TRAINED

WORLD = WorldSuite(
    families=(*TRAINED, "lookup"), held_out=HELD_OUT, depths=(1, 2, 3, 4, 5, 6), problems_per_family=36, templates=3
)


def loaded(name="main", split="test", key="study/seed0", world=WORLD):
    return load_suite(Suite(name=name, split=split, world=world), study_key=key, data_root=None)


@pytest.fixture(scope="module")
def problems():
    return loaded()


def test_a_suite_is_balanced_over_families_depths_and_templates(problems):
    assert Counter(problem.task for problem in problems) == dict.fromkeys((*TRAINED, "lookup", *HELD_OUT), 36)
    cells = Counter((p.task, p.depth, p.template) for p in problems if not p.is_lookup)
    assert set(cells.values()) == {2}
    assert len(cells) == 18 * 6 * 3
    assert {problem.depth for problem in problems if problem.is_lookup} == {0}


def test_ids_prompts_and_almost_all_structures_are_unique(problems):
    assert len({problem.id for problem in problems}) == len(problems)
    assert len({(problem.task, problem.prompt) for problem in problems}) == len(problems)
    assert len({problem.structure for problem in problems}) > 0.9 * len(problems)


def test_a_suite_is_the_same_each_time_and_another_one_for_another_key(problems):
    assert loaded() == problems
    asked = {problem.prompt for problem in problems}
    for other in (loaded(key="study/seed1"), loaded(split="dev"), loaded(name="second")):
        assert len(asked & {problem.prompt for problem in other}) < 0.05 * len(problems)


def test_dev_and_test_share_no_structure(problems):
    assert not {p.structure for p in problems} & {p.structure for p in loaded(split="dev")}


def test_held_out_families_are_marked_and_lookups_too(problems):
    assert {problem.task for problem in problems if problem.held_out} == set(HELD_OUT)
    assert {problem.task for problem in problems if problem.is_lookup} == {"lookup"}


def test_the_gold_answer_is_a_choice_and_scores(problems):
    for problem in problems:
        assert problem.answer in problem.choices
        assert score(problem, f"<think>a</think>{problem.answer}<|end|>").correct


def test_no_trained_structure_or_prompt_is_asked(problems):
    dials = Reasoning(
        num_documents=5000,
        families=TRAINED,
        templates=3,
        depths=dict.fromkeys(range(1, 7), 1.0),
        styles={"verbose": 1.0},
    )
    trained = list(documents(dials, study_key="study/seed0", stream="ldq", split="train", count=5000))
    assert not {document.structure for document in trained} & {problem.structure for problem in problems}
    assert not {document.prompt for document in trained} & {problem.prompt for problem in problems}


def test_a_family_that_runs_out_of_problems_says_so(monkeypatch):
    monkeypatch.setattr("pipeline.tasks.ask._TRIES", 0)
    with pytest.raises(UserError, match=r"suite 'main' asks 36 problems of family 'chains', .* ask fewer"):
        loaded()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"families": ("tales",)}, "family 'tales' is unknown; the families are chains, .*lookup"),
        ({"families": (), "held_out": ()}, "no family; name some"),
        ({"depths": (9,)}, "depth 9 is out of reach"),
        ({"depths": ()}, "at least 1 item"),
        ({"templates": 5}, "ask for 1 to 4"),
        ({"problems_per_family": 0}, "greater than or equal to 1"),
    ],
)
def test_a_suite_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        WorldSuite(**{**WORLD.model_dump(), **change})


def test_a_suite_is_of_the_world_or_of_a_benchmark():
    with pytest.raises(ValidationError, match="suite 'both' needs exactly one of `world`, `gsm8k`"):
        Suite(name="both", world=WORLD, gsm8k=Gsm8kSuite(path="x", num_problems=1))
    with pytest.raises(ValidationError, match="suite 'none' needs exactly one"):
        Suite(name="none")


def test_gsm8k_problems_are_the_first_rows_with_normal_answers(tmp_path):
    rows = [{"question": f"q{i}", "answer": f"<<1+1=2>>\n#### {i},000"} for i in range(1, 4)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    suite = Suite(name="gsm8k", gsm8k=Gsm8kSuite(path="test.jsonl", num_problems=2))
    found = load_suite(suite, study_key="k", data_root=tmp_path)
    assert [(p.id, p.prompt, p.answer, p.choices) for p in found] == [
        ("gsm8k-0", "q1", "1000", ()),
        ("gsm8k-1", "q2", "2000", ()),
    ]
    with pytest.raises(UserError, match="data_root is not set"):
        load_suite(suite, study_key="k", data_root=None)
    with pytest.raises(UserError, match=r"has 3 rows, fewer than num_problems=4"):
        load_suite(
            Suite(name="g", gsm8k=Gsm8kSuite(path="test.jsonl", num_problems=4)), study_key="k", data_root=tmp_path
        )
