"""A sweep's claims from arms to verdicts, on stages whose content is made by hand: nothing is trained."""

import io

import orjson
import pandas as pd
import pytest
from by_hand import arms_of, build, elsewhere, said
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.results import judging
from pipeline.study.results.advising import show_advice
from pipeline.study.results.claimed import check_claims, names_after_sft, names_before_sft
from pipeline.study.results.export import export

LEVELS = {"none": 0.1, "shq": 0.4, "ldq": 0.6, "lmq": 0.6}


def level(node):
    """Right as often as the arm's pretraining says, a little more with each seed."""
    return LEVELS[node.label.split("-")[0].split(" ")[0]] + 0.05 * (node.seed % 2) * ("ldq" in node.label)


@pytest.fixture(scope="module")
def arms(tmp_path_factory, _hydra):
    composed = arms_of("smoke", tmp_path_factory.mktemp("judged"), [0, 1])
    build(composed, level)
    return composed


def test_arms_go_by_their_mixes(arms):
    names = {
        name for point, study in arms for name in (*names_before_sft(point, study), *names_after_sft(point, study))
    }
    assert {"none", "ldq", "ldq > shq", "none > 2x shq", "ldq > 2x ldq", "ldq > alf"} <= names


def test_verdicts_stand_on_all_seeds_and_lead_to_their_evals(arms):
    artifact = judging.verdict_artifact(arms)
    table = pd.read_parquet(artifact.folder / "verdicts.parquet").set_index("claim")
    assert table.loc["C1", "verdict"] == "supported"
    assert table.loc["C1", "seeds"] == 2
    told = orjson.loads((artifact.folder / "verdicts.json").read_bytes())
    assert artifact.record.literals["claims_hash"] == told["claims_hash"]
    assert set(told["verdicts"][0]["scores"]) == {"0", "1"}
    stages = {parent.stage for parent in artifact.record.parents}
    assert stages == {"eval"}
    assert "supported" in said(judging.write_verdicts, arms)


def test_committed_results_give_the_same_verdicts_without_the_store(arms, tmp_path):
    said(export, arms)
    folder = arms[0][1].context.results / "smoke"
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"runs-s{seed}.parquet" for seed in range(2)), *(f"scores-s{seed}-0.parquet" for seed in range(2))
    ]  # fmt: skip
    assert max(path.stat().st_size for path in folder.iterdir()) < 500_000
    here = judging.verdict_artifact(arms)
    there = judging.verdict_artifact(elsewhere(arms, tmp_path / "empty"))
    tables = [pd.read_parquet(each.folder / "verdicts.parquet") for each in (here, there)]
    pd.testing.assert_frame_equal(*tables)
    assert there.record.literals["committed"]


def test_an_export_from_another_store_keeps_what_was_committed(arms, tmp_path):
    said(export, arms)
    folder = arms[0][1].context.results / "smoke"
    before = pd.read_parquet(folder / "runs-s0.parquet")
    one = elsewhere([arm for arm in arms if arm[1].seed == 0][:1], tmp_path / "one")
    build(one, level)
    said(export, one)
    after = pd.read_parquet(folder / "runs-s0.parquet")
    assert list(after["fingerprint"]) == list(before["fingerprint"])
    scores = pd.read_parquet(folder / "scores-s0-0.parquet")
    assert set(scores["fingerprint"]) == set(after.loc[after["key"].str.startswith("eval:"), "fingerprint"])


def test_committed_results_of_another_config_are_not_used_and_of_another_machine_are_named(arms, tmp_path):
    said(export, arms)
    far = elsewhere(arms, tmp_path / "empty")
    threads = [(p, s.model_copy(update={"training": s.training.model_copy(update={"threads": 2})})) for p, s in far]
    rates = [(p, s.model_copy(update={"optimizer": s.optimizer.model_copy(update={"lr": 7e-3})})) for p, s in far]
    notes = pd.read_parquet(judging.verdict_artifact(threads).folder / "verdicts.parquet")["note"]
    assert "committed pretrain has config.training.threads 1, now 2" in notes[0]
    assert judging.verdict_artifact(rates) is None


def test_power_says_how_many_seeds_each_contrast_needs(arms):
    heard = said(judging.show_power, arms)
    assert "result seeds: no pilot was run" in heard
    assert "C3: ldq - shq" in heard


def test_what_cannot_be_asked_is_said_before_anything_is_read(arms):
    point, study = arms[0]
    asked = (point, study.model_copy(update={"claim": "C33"}))
    with pytest.raises(UserError, match="sweep 'smoke' has no claim 'C33'"):
        judging.show_power([asked, *arms[1:]], Console(file=io.StringIO()))
    with pytest.raises(UserError, match=r"needs to know the pools; give 'advice=|states its pools; give sweep=budget"):
        show_advice(arms, Console(file=io.StringIO()))
    none = (point, study.model_copy(update={"sweep": None}))
    with pytest.raises(UserError, match="claims belong to a sweep; give sweep=NAME"):
        judging.verdict_artifact([none])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contrast": ("ldk - shq",)}, "claim C3 names 'ldk', which sweep 'smoke' does not have"),
        ({"contrast": ("ldq > shq2 - shq > shq",), "after": "sft"}, "names 'ldq > shq2'"),
        ({"contrast": ("lmq - ldq",)}, "claim C3: group 'shared' compares corpora of the world, and a side has none"),
        ({"group": "domain maths"}, "claim C3 is about domain 'maths', which eval does not ask; did you mean 'math'"),
        ({"group": "family stories"}, "family 'stories'"),
        ({"group": "trainde"}, "about group 'trainde'; did you mean 'trained'"),
    ],
)
def test_a_claim_about_what_the_sweep_does_not_have_is_named(change, message, arms):
    sweep = arms[0][1].sweep
    claims = {**sweep.claims, "C3": sweep.claims["C3"].model_copy(update=change)}
    wrong = sweep.model_copy(update={"claims": claims})
    with pytest.raises(UserError, match=message):
        check_claims([(point, study.model_copy(update={"sweep": wrong})) for point, study in arms])
    fewer = [
        (point, study.model_copy(update={"sweep": wrong})) for point, study in arms if study.pretrain_mix.name == "none"
    ]
    check_claims(fewer)  # a part of the sweep: what is left out is no mistake
