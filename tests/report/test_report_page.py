"""The page, its files and the terminal's table, from tiny arms."""

import csv
import dataclasses
import hashlib
import html
import re
from pathlib import Path

import pandas as pd
import pytest
import rich.console
from report_arms import arm

from pipeline.core.ledger import Ledger
from pipeline.core.track import Silent
from pipeline.report.answer import answer
from pipeline.report.checkpoints import checkpoints
from pipeline.report.config import Report
from pipeline.report.corpora import cards, mixes
from pipeline.report.cost import TOTAL, cost
from pipeline.report.grid import grid
from pipeline.report.learning import SHARED, curves
from pipeline.report.material import all_contrasts
from pipeline.report.report import report
from pipeline.report.scores import METRICS, guess_level, read_scores
from pipeline.report.terminal import grid_table

CONFIG = Report(title="Breadth or quality?", sweep="tiny", note="A toy.")
WEAK = {"sums": "Cwwx", "walks": "ww", "odd": "w", "lookup": "C"}
STRONG = {"sums": "CCCw", "walks": "Cw", "odd": "C", "lookup": "C"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def results(root):
    return [
        arm(root, "none", "shq", WEAK, WEAK),
        arm(root, "none", "shq", WEAK, STRONG, passes="2"),
        arm(root, "ldq", "shq", STRONG, STRONG, stale=("its plan is newer",)),
        arm(root, "ldq", "lmq", STRONG, None),
        arm(root, "none", "lmq", WEAK, WEAK),
    ]


@pytest.fixture(scope="module")
def out(results, root):
    write(results, root / "out")
    return root / "out"


@pytest.fixture(scope="module")
def page(out):
    return (out / "index.html").read_text()


def write(results, out: Path, config=CONFIG) -> str:
    out.mkdir(parents=True)
    assert isinstance(report(config, results, out=out, track=Silent()), Ledger)
    return (out / "index.html").read_text()


def table_of(page: str, name: str) -> list[list[str]]:
    """A table of the page as texts: main line only, without its sub-line."""
    body = re.search(rf'<table id="table-{name}">.*?</table>', page, re.DOTALL)
    assert body, name
    rows = re.findall(r"<tr.*?</tr>", body.group(), re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    strip = re.compile(r'<span class="sub">.*?</span>|<[^>]*>', re.DOTALL)
    return [[html.unescape(strip.sub("", cell)).strip() for cell in row] for row in cells]


def test_grid_on_the_page_is_the_counted_one(page, out):
    assert table_of(page, "grid_accuracy") == [
        ["pretraining", "before SFT", "SFT shq", "SFT lmq"],
        ["none", "16.7", "16.7", "16.7"],
        ["ldq", "66.7", "66.7", "-"],
    ]
    assert table_of(page, "points_accuracy")[1:] == [["none > 2x shq", "16.7", "66.7"]]


def test_files_hold_the_numbers_of_the_page(page, out):
    with (out / "tables/grid_accuracy.csv").open() as file:
        means = {(row["pretrain"], row["sft"]): row["mean"] for row in csv.DictReader(file)}
    parquet = pd.read_parquet(out / "tables/grid_accuracy.parquet")
    _, *rows = table_of(page, "grid_accuracy")
    for row in rows:
        for column, text in zip(("before SFT", "shq", "lmq"), row[1:], strict=True):
            assert text == (f"{float(means[row[0], column]):.1f}" if means[row[0], column] else "-")
    assert parquet["mean"].round(4).tolist()[:2] == [16.6667, 16.6667]


def test_every_table_and_figure_has_its_files(page, out):
    links = [link for link in re.findall(r'href="([^"#][^"]*)"', page) if not link.startswith("data:")]
    assert len(links) > 20
    assert [link for link in links if not (out / html.unescape(link)).exists()] == []
    anchors = set(re.findall(r'\bid="([^"]+)"', page))
    assert [link for link in re.findall(r'href="#([^"]+)"', page) if html.unescape(link) not in anchors] == []
    assert len(anchors) == len(re.findall(r'\bid="', page))


def test_page_reaches_for_nothing_outside_itself(page, out):
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert "@import" not in page


def test_same_arms_give_the_same_bytes(results, root, out):
    def digests(folder: Path) -> dict[str, str]:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    write(results, root / "again")
    assert len(digests(out)) > 20
    assert digests(out) == digests(root / "again")


def test_names_are_escaped_and_may_be_any_text(tmp_path):
    odd = '<b>&"ж$x$</b>'
    page = write([arm(tmp_path, odd, "shq", WEAK, WEAK)], tmp_path / "out", Report(title="<i>?", sweep="a&b"))
    assert "<b>" not in page
    assert "<i>" not in page
    assert table_of(page, "grid_accuracy")[1][0] == odd


def test_stale_and_missing_are_marked(page, out):
    states = {row[0]: row[2] for row in table_of(page, "provenance")[1:]}
    assert states["ldq > shq"] == "stale: its plan is newer"
    assert states["ldq > lmq"] == "missing: sft, eval:sft"
    assert states["ldq, before SFT"] == "done"
    grid = page[page.index('id="table-grid_accuracy"') :]
    assert "1 of 6 cells is stale, as the grid marks: what they were made from has other content now" in page
    assert ",\u00a0stale" in grid[: grid.index("</table>")] or ", stale" in grid[: grid.index("</table>")]


def test_provenance_leads_to_folders_and_repeats(out):
    rows = pd.read_csv(out / "tables/provenance.csv").set_index(["pretrain", "sft"])
    cell = rows.loc[("ldq", "shq")]
    assert (out / cell["scores"] / "rows.parquet").exists()
    assert cell["command"] == "frontload pretrain_mix=ldq sft_mix=shq seed=0"


def test_answer_is_honest_about_one_seed_and_what_is_missing(page, out):
    assert "One seed decides little" in page
    assert "1 of 7 cells is still missing" in page


def answer_to(results) -> str:
    models = checkpoints(results)
    scores = read_scores(models)
    cells, contrasts = grid(models, scores, METRICS), all_contrasts(CONFIG, models, scores)
    return " ".join(answer(models, cells, contrasts, guess_level(scores)))


def test_answer_says_when_all_is_at_the_floor(tmp_path):
    nothing = {"sums": "w" * 40}
    text = answer_to([arm(tmp_path, "none", "shq", nothing, nothing)])
    assert "The scores are at the floor" in text
    assert "the best so far" not in text


def test_answer_says_when_the_best_is_no_better_than_a_guess(tmp_path):
    text = answer_to([arm(tmp_path, "none", "shq", {"sums": "Cw"}, {"sums": "wC"})])
    assert "would score 50.0 %. No checkpoint is clearly above that." in text


def test_answer_names_seeds_where_there_are_several(tmp_path):
    results = [arm(tmp_path, "ldq", "shq", STRONG, STRONG, seed) for seed in range(3)]
    text = answer_to(results)
    assert "3 seeds: spreads are over seeds" in text
    assert "66.7 % (66.7 to 66.7 over 3 seeds)" in text


def test_page_of_a_sweep_without_any_result_says_so(tmp_path):
    assert "No checkpoint has been evaluated yet" in write([], tmp_path / "out")


def test_shared_stages_cost_each_arm_but_the_sweep_once(results):
    frame = cost(results).set_index("arm")
    assert frame.loc["none > shq", "seconds"] == 2 + 10 + 20 + 3 + 5 + 3
    assert frame.loc["none > shq", "own_seconds"] == 5 + 3
    assert frame.loc[TOTAL, "seconds"] == 2 + 10 + 2 * (20 + 3) + 4 * (5 + 3)
    assert frame.loc[TOTAL, "tokens"] == 600 + 2 * 400 + 4 * 50


def test_curves_show_the_trunk_once_and_branches_after_it(results):
    frame = curves(checkpoints(results))
    trunk = frame[frame["line"] == SHARED]
    assert trunk["tokens"].tolist() == [100, 200]
    branch = frame[(frame["line"] == "ldq") & (frame["phase"] == "pretrain:branch")]
    assert branch["tokens"].tolist() == [300, 400]
    assert sorted(set(frame[frame["part"] == "SFT"]["line"])) == [
        "ldq > shq",
        "none > 2x shq",
        "none > lmq",
        "none > shq",
    ]


def test_asked_shares_stand_beside_obtained_ones(results):
    (row,) = mixes(results).to_dict("records")  # only the trunk of these arms has a plan
    assert (row["corpus"], row["asked_share"], row["obtained_share"]) == ("base", 1.0, 1.0)
    assert (row["planned"], row["obtained"], row["planned_passes"], row["obtained_passes"]) == (1000, 600, 2.0, 1.2)


def test_cards_stand_side_by_side_by_corpus(results):
    values = cards(results).set_index("characteristic")["value"].to_dict()
    assert values == {"kept: documents": 50, "mean_steps": 2.5, "by_style: terse": 20, "by_style: verbose": 30}


def test_terminal_shows_the_same_grid(results):
    console = rich.console.Console(width=120)
    with console.capture() as capture:
        console.print(grid_table(results))
    text = capture.get()
    assert "66.7" in text
    assert "none > 2x shq" in text
    assert "95 % over problems" in text


def test_terminal_takes_names_literally(tmp_path):
    first = arm(tmp_path, "ldq", "shq", WEAK, WEAK)
    second = dataclasses.replace(arm(tmp_path / "b", "ldq", "shq", WEAK, WEAK), overrides={"bold": "1"})
    console = rich.console.Console(width=120)
    with console.capture() as capture:
        console.print(grid_table([first, second]))
    assert "ldq [bold=1]" in capture.get()
