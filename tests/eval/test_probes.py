"""Probes through the eval stage: their rows by kind, what was put to the model, and the summary beside the others."""

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.core.chat import render_prompt
from pipeline.core.errors import UserError
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.track import Silent
from pipeline.eval.evaluate import evaluate
from pipeline.eval.opening import open_examinee
from pipeline.eval.probes import PROBE_KINDS
from pipeline.tasks.probes.config import AlchemySuite
from pipeline.tasks.reflection.config import WORLD_TRIGGERS, ReflectionSuite, ReflectionWorld
from pipeline.tasks.reflection.explicit import is_explicit_world
from pipeline.tasks.suite import Suite, load_suite

REFLECTION = Suite(
    name="reflection",
    reflection=ReflectionSuite(
        world=ReflectionWorld(families=("chains",), depths=(2, 3), templates=1, problems=2),
    ),
)
SHIFTS = Suite(name="letters", alchemy=AlchemySuite(trained=(("rotate", "shift"),), lengths=(3,), problems=3))


class Heard(Silent):
    def __init__(self):
        self.calls = []

    def progress(self, done, total, unit, note=""):
        self.calls.append((done, total))


@pytest.fixture(scope="module")
def asked(learnt, tmp_path_factory):
    """Rows, summary and progress of an eval with two probes beside the suite that the model knows by heart."""
    out = tmp_path_factory.mktemp("probes")
    suites = (*learnt.config.suites, REFLECTION, SHIFTS)
    track = Heard()
    run(learnt, out, suites, track)
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes()), track, out


def run(learnt, out, suites, track=None, **changes):
    config = learnt.config.model_copy(update={"suites": suites, **changes})
    kwargs = {"study_key": learnt.study_key, "data_root": None, "out": out, "track": track or Silent()}
    return evaluate(config, learnt.folder, {}, **kwargs)


def test_probes_change_no_other_row_and_no_other_number(learnt, asked, tmp_path):
    rows, summary, _, out = asked
    run(learnt, tmp_path, learnt.config.suites)
    alone = pd.read_parquet(tmp_path / "rows.parquet")
    others = rows[~rows["kind"].isin(PROBE_KINDS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, alone)
    assert "probes" not in (plain := orjson.loads((tmp_path / "summary.json").read_bytes()))
    assert {name: value for name, value in summary.items() if name != "probes"} == plain
    assert pq.read_schema(out / "rows.parquet").equals(SCORE_SCHEMA)
    assert summary["probes"].keys() == {"reflection", "letters"}


def test_no_row_comes_twice(asked):
    rows = asked[0]
    assert not rows.duplicated(["suite", "task", "problem", "sample", "kind"]).any()


def test_progress_ends_at_its_total_or_before(asked):
    done, total = asked[2].calls[-1]
    assert [done for done, _ in asked[2].calls] == sorted(done for done, _ in asked[2].calls)
    assert 0.5 * total < done <= total


def test_every_item_is_shown_under_every_trigger_which_only_adds_to_its_end(learnt, asked):
    rows = asked[0]
    situational = rows[rows["kind"] == "situational"]
    items = {item.id: item for item in load_suite(REFLECTION, study_key=learnt.study_key, data_root=None)}
    assert len(situational) == len(items) * 3 == 14 * 3
    for problem, part in situational.groupby("problem"):
        prefixes = dict(zip(part["trigger"], part["prefix"], strict=True))
        assert prefixes["none"] == f"<think>{items[problem].chain_of_thought}"
        assert prefixes == {
            name: prefixes["none"] + (f" . {text}" if text else "") for name, text in WORLD_TRIGGERS.items()
        }
        assert set(part["adversarial"]) == {items[problem].adversarial}
        assert items[problem].answer not in prefixes["mistake"].split()
        assert set(part["probe"]) == {items[problem].perturbation}


def test_self_shows_the_model_s_own_wrong_traces_and_nothing_else(asked):
    rows = asked[0]
    clean = rows[rows["kind"] == "clean"].set_index("problem")
    own = rows[(rows["kind"] == "self") & (rows["trigger"] == "none")].set_index("problem")
    assert len(clean) == 14
    assert len(own) > 0
    for problem, row in clean.iterrows():
        thought, closed, _ = row["completion"].removeprefix("<think>").partition("</think>")
        usable = not row["correct"] and row["well_formed"] and closed and row["gold"] not in thought.split()
        assert (problem in own.index) == bool(usable)
        if usable:
            assert own.loc[problem, "prefix"] == f"<think>{thought}"
            assert own.loc[problem, "adversarial"] == row["answer"]
            assert own.loc[problem, "completion"] == f"</think>{row['answer']}<|end|>"  # a greedy model repeats itself


def test_the_gap_is_gold_less_adversarial_where_the_thought_breaks_off(learnt, asked):
    rows = asked[0]
    prompts = {
        problem.id: problem.prompt for problem in load_suite(REFLECTION, study_key=learnt.study_key, data_root=None)
    }
    examinee = open_examinee(learnt.folder, 1)
    for row in rows[rows["kind"] == "situational"].head(9).itertuples():
        before = examinee.encode(f"{render_prompt(prompts[row.problem])}{row.prefix}</think>")
        with torch.no_grad():
            logprobs = examinee.model(torch.tensor([before])).logits[0, -1].log_softmax(-1)
        gold, wrong = examinee.encode(row.gold)[0], examinee.encode(row.adversarial)[0]
        assert row.gap == pytest.approx(float(logprobs[gold] - logprobs[wrong]), abs=1e-4)


def test_the_identities_of_reflection_hold_on_the_rows(asked):
    rows, summary, _, _ = asked
    for kind in ("situational", "self"):
        for trigger, found in summary["probes"]["reflection"][kind].items():
            if trigger == "expected_wait":
                continue
            part = rows[(rows["kind"] == kind) & (rows["trigger"] == trigger)]
            assert found["n"] == len(part)
            assert found["accuracy"] == pytest.approx(part["correct"].astype(bool).mean())
            assert found["accuracy"] == pytest.approx(found["explicit_accuracy"] + found["implicit_accuracy"])
            assert found["explicit_accuracy"] <= min(found["accuracy"], found["explicit_rate"])
            shown = part["prefix"].str.removeprefix("<think>").str.removesuffix(f" . {WORLD_TRIGGERS[trigger]}")
            again = [is_explicit_world(*pair) for pair in zip(shown, part["completion"], strict=True)]
            assert part["explicit"].tolist() == again


@pytest.fixture(scope="module")
def thought(learnt, tmp_path_factory):
    """The suite that the model knows by heart, asked with thinking on and off."""
    out = tmp_path_factory.mktemp("thinking")
    (suite,) = learnt.config.suites
    run(learnt, out, (suite.model_copy(update={"ask": "thinking"}),))
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


def test_thinking_off_never_begins_with_a_thought_and_on_always_does(learnt, asked, thought):
    rows = asked[0]
    thinking, _ = thought
    assert set(thinking["kind"]) == {"thinking"}
    on, off = (thinking[thinking["probe"] == probe].set_index("problem") for probe in ("on", "off"))
    assert len(on) == len(off) == len(learnt.problems)
    assert on["completion"].str.startswith("<think>").all()
    assert not off["completion"].str.startswith("<think>").any()
    lookups = off[off["task"] == "lookup"]
    greedy = rows[(rows["kind"] == "greedy") & (rows["task"] == "lookup")].set_index("problem")
    assert lookups["completion"].to_dict() == greedy["completion"].to_dict()  # they were taught without a thought
    chains = on[on["task"] == "chains"]
    assert chains["correct"].all()
    assert chains["well_formed"].all()


def test_delta_of_the_summary_is_that_of_the_rows(thought):
    thinking, summary = thought
    found = summary["probes"]["tiny"]["over"]
    means = thinking.groupby("probe")["correct"].mean()
    assert found["delta"] == pytest.approx(means["on"] - means["off"])
    assert found["delta"] == pytest.approx(found["corrected"] - found["overthought"])


def test_letters_are_asked_by_regime_with_their_chains(learnt, asked):
    rows, summary, _, _ = asked
    letters = rows[rows["kind"] == "alchemy"]
    problems = load_suite(SHIFTS, study_key=learnt.study_key, data_root=None)
    assert letters["problem"].tolist() == [problem.id for problem in problems]
    assert letters["gold_reasoning"].tolist() == [problem.chain for problem in problems]
    assert letters["probe"].tolist() == ["id"] * 3 + ["length"] * 3
    assert {name: part["n"] for name, part in summary["probes"]["letters"]["by_regime"].items()} == {
        "id": 3,
        "length": 3,
    }


def test_an_eval_of_probes_alone_has_no_other_score(learnt, tmp_path):
    run(learnt, tmp_path, (SHIFTS,))
    summary = orjson.loads((tmp_path / "summary.json").read_bytes())
    assert summary["over"]["reasoning"]["n"] == 0
    assert summary["suites"] == {}
    assert summary["probes"]["letters"]["by_regime"]["id"]["n"] == 3


@pytest.mark.parametrize(("suite", "longest"), [(REFLECTION, 200), (SHIFTS, 252)], ids=["reflection", "letters"])
def test_a_probe_that_does_not_fit_is_refused_before_anything_is_generated(learnt, tmp_path, suite, longest):
    with pytest.raises(UserError, match=rf"max_new_tokens={longest} .* 256 positions"):
        run(learnt, tmp_path, (suite,), max_new_tokens=longest)
    assert not list(tmp_path.iterdir())
