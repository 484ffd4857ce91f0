"""Committed results: what export writes, and that page, verdicts and RESULTS.md read it like the store."""

import numpy as np
import orjson
import pandas as pd
import pytest
from by_hand import arms_of, build, elsewhere, said

from pipeline.core.errors import UserError
from pipeline.study.results.export import export
from pipeline.study.results.exporting import MAX_BYTES, _bytes, _parts
from pipeline.study.results.publish import draw_page
from pipeline.study.results.telling import put, tell


def level(node):
    """Both halves alike, the seeds not."""
    return 0.5 + 0.1 * (node.seed % 2) + 0.05 * ("shq_a > shq_b" in node.label)


@pytest.fixture(scope="module")
def arms(tmp_path_factory, _hydra):
    composed = arms_of("redundancy", tmp_path_factory.mktemp("committed"), [0, 1])
    build([arm for arm in composed if arm[1].seed == 0], level)
    return composed


def restated(arms):
    """The same arms with a claim that says something else."""
    sweep = arms[0][1].sweep
    claims = {name: claim.model_copy(update={"note": "another"}) for name, claim in sweep.claims.items()}
    other = sweep.model_copy(update={"claims": claims})
    return [(point, study.model_copy(update={"sweep": other})) for point, study in arms]


def test_a_seed_is_exported_alone_and_stays_byte_for_byte_when_another_follows(arms):
    folder = arms[0][1].context.results / "redundancy"
    said(export, arms)  # seed 1 is not there yet
    assert sorted(path.name for path in folder.iterdir()) == ["runs-s0.parquet", "scores-s0-0.parquet"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    build(arms, level)
    said(export, restated(arms))
    assert {name: (folder / name).read_bytes() for name in before} == before  # the claims' hash of then, too
    hashes = [pd.read_parquet(folder / f"runs-s{seed}.parquet")["claims_hash"].unique() for seed in (0, 1)]
    assert [len(each) for each in hashes] == [1, 1] and hashes[0][0] != hashes[1][0]


def test_the_page_of_committed_results_says_what_the_stores_page_says(arms, tmp_path):
    said(export, arms)
    here, there = (draw_page(each) for each in (arms, elsewhere(arms, tmp_path / "empty")))
    pages = [orjson.loads((page.folder / "report.json").read_bytes()) for page in (here, there)]
    apart = ("provenance", "cost")  # raw and encoded documents are not committed, and cost something
    kept = [{each["id"]: each for each in page["sections"] if each["id"] not in apart} for page in pages]
    assert kept[0] == kept[1]
    assert pages[0]["answer"] == pages[1]["answer"]
    assert there.record.literals["committed"] and not there.record.parents[:-1]
    provenance = pd.read_parquet(there.folder / "tables" / "provenance.parquet")
    scores = [path for path in provenance["scores"] if path]
    assert scores and all((there.folder / path / "rows.parquet").exists() for path in scores)


def test_results_are_told_between_marks_and_what_is_by_hand_stays(arms, tmp_path):
    said(export, arms)
    away = elsewhere(arms, tmp_path / "empty")
    page = away[0][1].context.results.parent / "RESULTS.md"
    page.write_text("# Results\n\nBy hand.\n", encoding="utf-8")
    said(tell, away)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Results\n\nBy hand.\n")
    assert "| **R2** | " in text and "Claims " in text and "Judged at the common SFT learning rate only" in text
    for kind in ("svg", "png"):
        assert (page.parent / "results" / "redundancy" / "figures" / f"verdicts.{kind}").exists()
    page.write_text(text + "\nMore by hand.\n", encoding="utf-8")
    said(tell, away)
    assert page.read_text(encoding="utf-8") == text + "\nMore by hand.\n"


def test_without_results_the_page_says_so(arms, tmp_path):
    none = [
        (point, study.model_copy(update={"context": study.context.model_copy(update={"results": tmp_path / "none"})}))
        for point, study in elsewhere(arms, tmp_path / "empty")
    ]
    said(tell, none)
    assert "Nothing of this sweep was evaluated yet." in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_a_mark_without_its_end_is_named():
    with pytest.raises(UserError, match="has `<!-- a: begin -->` without `<!-- a: end -->`"):
        put("# R\n<!-- a: begin -->\n", "a", "text")


def test_files_stay_small_whatever_they_hold():
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"problem": [f"{key:x}" for key in rng.integers(0, 2**62, 6000)], "fingerprint": str(number)})
        for number in range(12)
    ]
    sizes = [len(_bytes(part)) for part in _parts(frames)]
    assert len(sizes) > 1
    assert max(sizes) <= MAX_BYTES
