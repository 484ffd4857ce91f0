"""Letters under transformations, how far a suite shifts them, and thinking on minus off: counted by hand."""

import itertools

import pandas as pd
import pytest
from pydantic import ValidationError

from pipeline.core.errors import UserError
from pipeline.tasks.probes.alchemy import TRANSFORMATIONS, apply, elements, write_answer, write_chain, write_prompt
from pipeline.tasks.probes.config import Alchemy, AlchemySuite, Noise
from pipeline.tasks.probes.shift_metrics import edit_distance, shift_summary
from pipeline.tasks.probes.shifts import alchemy_documents, regime_of, shifted_problems
from pipeline.tasks.probes.thinking import cell, thinking_summary
from pipeline.tasks.score import score
from pipeline.tasks.suite import Suite, WorldSuite, load_suite
from pipeline.tasks.world.lexicon import LETTERS, WORDS
from pipeline.tasks.world.split import split_of_hash

TRAINED = (("rotate", "rotate"), ("rotate", "shift"), ("shift", "rotate"))
SUITE = AlchemySuite(
    trained=TRAINED,
    compositions=(("shift", "shift"), ("shift", "reverse"), ("reverse", "reverse"), ("rotate",)),
    lengths=(2, 6),
    noise=(Noise(mode="delete", rate=0.2),),
    problems=4,
)


def test_the_transformations_of_four_letters():
    assert "".join(LETTERS) == "abcdefghjkmnpqrsuvwxyz"
    row = tuple("abcz")
    assert apply("rotate", row) == tuple("npqm")  # eleven of twenty-two on
    assert apply("shift", row) == tuple("bcza")
    assert apply("reverse", row) == tuple("zcba")
    assert elements(("shift", "reverse"), row) == [tuple("bcza"), tuple("azcb")]


def test_reverse_does_not_commute_with_shift_and_the_others_do():
    row = tuple("abcd")
    swapped = {
        frozenset(pair): elements(pair, row)[-1] == elements(pair[::-1], row)[-1]
        for pair in itertools.combinations(TRANSFORMATIONS, 2)
    }
    assert swapped == {
        frozenset(("rotate", "shift")): True,
        frozenset(("rotate", "reverse")): True,
        frozenset(("shift", "reverse")): False,
    }


def test_a_question_its_chain_and_its_answer():
    composition, row = ("rotate", "shift"), tuple("abcz")
    assert write_prompt(composition, row) == "a b c z ; turn , steps"
    assert write_chain(composition, row) == "turn : n p q m . steps : p q m n"
    assert write_answer(composition, row) == "p q m n"


@pytest.mark.parametrize(
    ("composition", "regime"),
    [
        (("shift", "rotate"), "id"),
        (("shift", "shift"), "composition"),
        (("shift", "reverse"), "partial"),
        (("reverse", "reverse"), "outside"),
        (("rotate",), "steps"),
        (("rotate", "shift", "rotate"), "steps"),
    ],
)
def test_where_a_composition_lies(composition, regime):
    assert regime_of(composition, TRAINED) == regime


def test_a_suite_asks_each_cell_and_shifts_one_axis_at_a_time():
    problems = list(shifted_problems("s", "test", SUITE, "k"))
    cells = pd.DataFrame([(p.regime, p.template) for p in problems]).drop_duplicates()[0].value_counts()
    assert cells.to_dict() == {
        "id": 3, "composition": 1, "partial": 1, "outside": 1, "steps": 1, "length": 6, "format": 3
    }  # fmt: skip
    assert len(problems) == 16 * 4 == len({problem.id for problem in problems})
    assert load_suite(Suite(name="s", alchemy=SUITE), study_key="k", data_root=None) == problems
    for problem in problems:
        assert score(problem, f"<think>{problem.chain}</think>{problem.answer}<|end|>").correct
        assert split_of_hash(problem.structure) == "test"
        assert problem.chain.endswith(problem.answer)
        assert set(f"{problem.prompt} {problem.chain}".split()) <= set(WORDS)


def test_an_answer_of_letters_is_compared_whole_and_in_order():
    problem = next(shifted_problems("s", "test", SUITE, "k"))
    letters = problem.answer.split()
    assert score(problem, f"  {'  '.join(letters)} <|end|>").correct
    assert not score(problem, " ".join(reversed(letters)) + "<|end|>").correct
    assert not score(problem, " ".join(letters[:-1]) + "<|end|>").correct
    assert not score(problem, problem.answer).well_formed


def test_documents_are_of_the_train_split_and_never_asked():
    dials = Alchemy(num_documents=10, compositions=TRAINED, lengths=(4, 5))
    documents = list(alchemy_documents(dials, study_key="k", stream="alchemy", split="train", count=600))
    assert {split_of_hash(document.structure) for document in documents} == {"train"}
    assert {document.template for document in documents} == {" ".join(each) for each in TRAINED}
    assert {len(document.answer.split()) for document in documents} == {4, 5}
    asked = {problem.prompt for problem in shifted_problems("s", "test", SUITE, "k")}
    assert not asked & {document.prompt for document in documents}
    assert all(document.reasoning.endswith(document.answer) for document in documents)


def test_noise_spoils_the_question_and_leaves_the_truth():
    for mode, sign in (("insert", 1), ("delete", -1), ("modify", 0)):
        suite = AlchemySuite(trained=TRAINED[:1], noise=(Noise(mode=mode, rate=0.3),), problems=20)
        for problem in shifted_problems("s", "test", suite, "k"):
            if problem.regime == "format":
                change = len(problem.prompt.split()) - 8  # a b c d ; turn , turn
                assert (change > 0) - (change < 0) == sign
                assert len(problem.answer.split()) == 4


def test_a_cell_that_runs_out_says_so(monkeypatch):
    monkeypatch.setattr("pipeline.tasks.probes.shifts._TRIES", 0)
    with pytest.raises(UserError, match=r"suite 's' asks 4 letter tasks of rotate-rotate-4, .* ask fewer"):
        list(shifted_problems("s", "test", SUITE, "k"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trained": ()}, "at least 1 item"),
        ({"trained": [[]]}, "a composition is empty"),
        ({"trained": [["turn"]]}, "Input should be 'rotate', 'shift' or 'reverse'"),
        ({"compositions": [TRAINED[0]]}, "a composition is named twice"),
        ({"lengths": [9]}, "length 9 is out of reach; elements have 2 to 8"),
        ({"lengths": [4]}, "a length is named twice"),
        ({"noise": [{"mode": "swap", "rate": 0.1}]}, "Input should be 'insert'"),
        ({"noise": [{"mode": "insert", "rate": 0}]}, "greater than 0"),
    ],
)
def test_an_alchemy_suite_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        AlchemySuite(**{**SUITE.model_dump(), **change})


def test_thinking_is_asked_of_problems_that_have_no_way_of_their_own():
    with pytest.raises(ValidationError, match="`ask: thinking` is for problems of `world` or `gsm8k`"):
        Suite(name="s", alchemy=SUITE, ask="thinking")
    world = WorldSuite(families=("story",), depths=(1,), problems_per_family=1, templates=1)
    assert Suite(name="s", world=world, ask="thinking").is_probe
    assert not Suite(name="s", world=world).is_probe


@pytest.mark.parametrize(
    ("left", "right", "distance"), [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b", "b a", 2), ("", "a b", 2)]
)
def test_edit_distance(left, right, distance):
    assert edit_distance(left.split(), right.split()) == edit_distance(right.split(), left.split()) == distance


def test_exact_match_of_answer_chain_and_both_apart():
    gold = {"gold": "b a", "gold_reasoning": "swap : b a", "kind": "alchemy", "probe": "id", "template": "reverse-2"}
    said = [
        ("<think>swap : b a</think>b a<|end|>", True),
        ("<think>swap : a b</think>b a<|end|>", True),  # right answer, wrong chain
        ("<think>swap : b a</think>a b<|end|>", False),
        ("b<|end|>", False),
    ]
    rows = pd.DataFrame([{**gold, "completion": text, "correct": ok, "well_formed": True} for text, ok in said])
    found = shift_summary(rows)["by_regime"]["id"]
    assert {name: found[name] for name in ("n", "answer", "chain", "full", "faithfulness_gap")} == {
        "n": 4, "answer": 0.5, "chain": 0.5, "full": 0.25, "faithfulness_gap": 0.25
    }  # fmt: skip
    assert found["edit_distance"] == pytest.approx((0 + 2 / 6 + 2 / 6 + 5 / 6) / 4)


def thought(pairs):
    """pairs: (off, on) for each problem."""
    return pd.DataFrame(
        [
            {"task": "story", "domain": "math", "depth": 1, "problem": f"p{i}", "probe": probe, "correct": bool(right)}
            for i, pair in enumerate(pairs)
            for probe, right in zip(("off", "on"), pair, strict=True)
        ]
    )


def test_delta_is_what_is_corrected_minus_what_is_overthought():
    found = cell(thought([(0, 1), (0, 1), (0, 1), (1, 0), (1, 1), (0, 0), (0, 0), (1, 1)]))
    assert (found["n"], found["off"], found["on"]) == (8, 3 / 8, 5 / 8)
    assert (found["corrected"], found["overthought"]) == (3 / 8, 1 / 8)
    assert (found["corrected_rate"], found["overthought_rate"]) == (3 / 5, 1 / 3)
    assert found["delta"] == found["corrected"] - found["overthought"] == 2 / 8


def test_the_identity_holds_for_every_table_of_three_problems():
    for pairs in itertools.product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=3):
        found = cell(thought(pairs))
        assert found["delta"] == pytest.approx(found["corrected"] - found["overthought"], abs=1e-12)
        assert found["delta"] == pytest.approx(found["on"] - found["off"], abs=1e-12)


def test_thinking_by_domain_and_of_nothing():
    summary = thinking_summary(thought([(0, 1), (1, 0)]))
    assert summary["by_domain"]["math"]["delta"] == summary["over"]["delta"] == 0
    assert summary["by_family"].keys() == {"story"}
    assert cell(thought([(0, 1)]).iloc[:0])["n"] == 0
    assert cell(thought([(0, 0)]))["overthought_rate"] is None
