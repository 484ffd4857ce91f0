"""Verdicts on the page, what follows on each other in training, and the page as data."""

import json
import re

import pandas as pd
import pytest
from report_gallery import gallery, judged

from pipeline.core.track import Silent
from pipeline.report.checkpoints import checkpoints, columns_of
from pipeline.report.config import Report
from pipeline.report.report import report
from pipeline.report.verdicts import kind_of, read_verdicts


def write(root, arms, **verdict):
    out = root / "report" / "page"
    out.mkdir(parents=True, exist_ok=True)
    report(Report(title="T", sweep="s"), arms, out=out, track=Silent(), **verdict)
    return out


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def arms(root):
    return gallery(root, seeds=(0,), mixes=("none", "ldq"), sfts=("shq",))


@pytest.fixture(scope="module")
def out(root, arms):
    return write(root, arms, judged=judged(root))


def test_every_claim_has_its_row_with_the_papers_number_and_ours(out):
    (section,) = [
        part for part in json.loads((out / "report.json").read_text())["sections"] if part["id"] == "verdicts"
    ]
    rows = {row[0]: row for row in section["tables"][0]["rows"]}
    assert rows["C1"][2:6] == ["✓ supported", "+8.4", "+9.1 [+6.0, +12.2]", "3"]
    assert rows["C4 exploratory"][2] == "≈ no difference"
    assert rows["C15 exploratory"][2:5] == ["– not run", "-4.9", "-"]
    assert rows["C3"][6:] == ["tokens; loss tokens", "diversity", "repetition 1.2 / 6.1"]
    assert [each["name"] for each in section["figures"]] == ["verdicts"]


def test_answer_begins_with_the_question_and_goes_on_with_the_verdicts(out):
    answer = json.loads((out / "report.json").read_text())["answer"]
    assert len(answer) == 3
    assert answer[0].startswith("With reasoning data in neither pretraining nor SFT ")
    assert answer[1] == (
        "Of 3 primary claims 2 supported (C1: any reasoning data in pretraining helps, +9.1; "
        "C3: breadth beats quality in pretraining, +11.2), "
        "1 contradicted (C20: the gap grows from stage to stage, -4.4); of 3 exploratory ones "
        "1 without a difference that matters, 1 undecided, 1 not judged."
    )


def test_verdict_leads_to_its_artifact(out):
    page = (out / "index.html").read_text()
    table = page[page.index('id="table-verdicts"') :]
    (link,) = set(re.findall(r'<a href="([^"#]+)"', table[: table.index("</table>")]))
    assert (out / link / "verdicts.parquet").exists()


def test_page_says_so_where_nothing_was_judged(tmp_path, arms):
    page = (write(tmp_path, arms) / "index.html").read_text()
    assert "Not judged: there are no verdicts on these arms." in page
    assert 'class="chip"' not in page


def test_primary_claims_come_first_and_lists_are_words(tmp_path):
    frame = pd.read_parquet(judged(tmp_path) / "verdicts.parquet").iloc[::-1]
    frame = frame.assign(matched=[["tokens", "flops"]] * len(frame))
    frame.to_parquet(tmp_path / "verdicts.parquet", index=False)
    found = read_verdicts(tmp_path)
    assert found["primary"].tolist() == [True, True, True, False, False, False]
    assert set(found["matched"]) == {"tokens, flops"}


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [("no difference within the margin", "same"), ("refused: not matched", "unjudged"), ("undecided", "undecided")],
)
def test_verdicts_fall_into_kinds(verdict, kind):
    assert kind_of(verdict) == kind


def test_rl_is_a_column_behind_its_sft(arms):
    models = checkpoints(arms)
    assert columns_of(models) == ["before SFT", "shq", "2x shq", "shq > rl"]
    (model,) = [model for model in models if model.name == "ldq > shq > rl"]
    assert model.evaluation == model.arm.stages["eval:rl"]
    assert model.training == model.arm.stages["rl"]


def test_every_trained_checkpoint_has_a_card_with_its_name_and_its_scores(out):
    rows = pd.read_csv(out / "tables/provenance.csv").set_index(["pretrain", "sft"])
    grid = pd.read_csv(out / "tables/grid_accuracy.csv").set_index(["pretrain", "sft"])["mean"]
    card = (out / rows.loc[("ldq", "shq"), "card"]).read_text()
    assert "# ldq > shq, seed 0" in card
    assert f"| Accuracy | world | {grid['ldq', 'shq']:.1f} % |" in card
    assert "model-index:" in card
    carded = rows[rows["card"].notna()]
    assert len(carded) == len(set(carded["card"])) == 5  # RL's made-up artifact says nothing of its making


def test_every_number_leads_to_record_plans_and_shards(out):
    rows = pd.read_csv(out / "tables/provenance.csv").set_index(["pretrain", "sft"])
    tuned, base = rows.loc[("ldq", "shq")], rows.loc[("ldq", "before SFT")]
    assert (out / tuned["config"]).name == "record.json"
    plans = dict(entry.split("=") for entry in tuned["plans"].split("; "))
    shards = dict(entry.split("=") for entry in tuned["shards"].split("; "))
    assert list(plans) == ["trunk", "branch", "sft"]
    assert sorted(shards) == ["base", "ldq", "shq"]
    assert all((out / path).is_dir() for path in [*plans.values(), *shards.values()])
    assert "sft=" not in base["plans"]
    assert "shq=" not in base["shards"]
