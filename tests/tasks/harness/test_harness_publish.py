"""The world's tasks as a folder for `lm_eval`: what it scores is what our scorer says of the same completion."""

from itertools import product

import pytest
import yaml
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from pipeline.core.chat import END, SPECIAL_TOKENS
from pipeline.tasks.harness.publish import publish_world
from pipeline.tasks.harness.world_utils import MARKS, process_results, read_answer
from pipeline.tasks.score import score
from pipeline.tasks.suite import Suite, WorldSuite, load_suite
from pipeline.tasks.world.instruct import NUM_FORMS

SUITE = Suite(
    name="w",
    world=WorldSuite(
        families=("chains", "lookup"), held_out=("swaps",), depths=(1,), problems_per_family=2, templates=1
    ),
)


@pytest.fixture(scope="module")
def problems():
    return load_suite(SUITE, study_key="k", data_root=None)


@pytest.fixture(scope="module")
def instructions():
    world = WorldSuite(families=("instruct",), depths=(1,), problems_per_family=24, templates=1)
    return load_suite(Suite(name="i", world=world), study_key="k", data_root=None)


@pytest.mark.parametrize("is_ended", [True, False])
def test_every_short_completion_is_read_as_our_scorer_reads_it(is_ended, problems):
    """All completions of up to four tokens; one that did not end by itself is as long as it may be."""
    problem = problems[0]
    tokens = ("<think>", "</think>", "<|user|>", problem.answer, "so")
    for length in range(5):
        for said in product(tokens, repeat=length):
            ours = score(problem, rendered(said) + END * is_ended)
            doc = {"answer": problem.answer, "form": problem.form, "max_words": length + is_ended}
            theirs = process_results(doc, [" ".join(said)])
            assert (theirs["correct"], theirs["well_formed"]) == (ours.correct, ours.well_formed), said
            assert read_answer(doc, " ".join(said)) == ours.answer


@pytest.mark.parametrize("number", range(NUM_FORMS))
def test_every_short_answer_to_an_instruction_is_read_as_our_scorer_reads_it(number, instructions):
    """All completions of up to four tokens, the right one among them, which has two words or three."""
    problem = next(problem for problem in instructions if problem.template == str(number))
    words = list(dict.fromkeys(problem.answer.split()))
    verdicts = set()
    for length in range(5):
        for said in product((*words, "<think>", "</think>", "ana"), repeat=length):
            ours = score(problem, rendered(said) + END)
            doc = {"answer": problem.answer, "form": problem.form, "max_words": length + 1}
            theirs = process_results(doc, [" ".join(said)])
            assert (theirs["correct"], theirs["well_formed"]) == (ours.correct, ours.well_formed), said
            verdicts.add((ours.correct, ours.well_formed))
    assert verdicts == {(True, True), (False, True), (False, False)}


class Scripted(LM):
    """Says what is written down for each problem."""

    def __init__(self, said):
        super().__init__()
        self.said = said

    def generate_until(self, requests, disable_tqdm=False):
        return [self.said[request.doc["id"]] for request in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError


def test_plain_lm_eval_scores_instructions_as_our_scorer_does(instructions, tmp_path):
    publish_world(instructions, 30, tmp_path)
    shapes = ("{0}", "<think> so </think> {0}", "{1} {1}", "{0} {0}", "{1}", "")
    said = {
        problem.id: shapes[number % len(shapes)].format(problem.answer, problem.answer.split()[-1])
        for number, problem in enumerate(instructions)
    }
    results = simple_evaluate(
        model=Scripted(said),
        tasks=["frontload_lookup_control"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        bootstrap_iters=0,
    )
    theirs = {each["doc"]["id"]: each for each in results["samples"]["frontload_instruct"]}
    ours = {problem.id: score(problem, said[problem.id] + END) for problem in instructions}
    assert {name: (bool(each["correct"]), bool(each["well_formed"])) for name, each in theirs.items()} == {
        name: (each.correct, each.well_formed) for name, each in ours.items()
    }
    assert 0 < sum(each.correct for each in ours.values()) < sum(each.well_formed for each in ours.values()) < len(ours)


def rendered(tokens):
    """As the eval stage decodes: nobody's space beside a mark."""
    text = " ".join(tokens)
    for mark in SPECIAL_TOKENS:
        text = text.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return text


def test_the_last_word_counts_for_models_that_were_not_taught_the_form():
    doc = {"answer": "park", "form": "", "max_words": 100}
    assert process_results(doc, ["Ana is in the Park."]) == {"correct": 0.0, "well_formed": 0.0, "last_word": 1.0}
    assert process_results({**doc, "answer": "so park"}, ["Well: so Park."])["last_word"] == 1.0
    assert process_results({**doc, "answer": "so park"}, ["Park."])["last_word"] == 0.0
    assert process_results(doc, [""]) == {"correct": 0.0, "well_formed": 0.0, "last_word": 0.0}


def test_the_marks_are_those_of_the_chat_format():
    assert set(MARKS) == set(SPECIAL_TOKENS)


def test_the_folder_holds_a_task_a_family_and_groups_as_our_summary_has_them(problems, tmp_path):
    publish_world(problems, 30, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{family}.{kind}" for family in ("chains", "lookup", "swaps") for kind in ("yaml", "jsonl")),
        *("_frontload_world.yaml", "_frontload_held_out.yaml", "_frontload_lookup_control.yaml"),
        *("utils.py", "README.md"),
    }
    group = yaml.safe_load((tmp_path / "_frontload_world.yaml").read_text())
    assert (group["group"], group["task"]) == ("frontload_world", ["frontload_chains"])
    assert "max_gen_toks: 30" in (tmp_path / "chains.yaml").read_text()


def test_the_same_suite_gives_the_same_bytes(problems, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        publish_world(problems, 30, tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
