import json
import shutil

import pytest
from test_curate import NATURAL, question, run, text

from pipeline.core.track import Silent
from pipeline.curate.config import Measuring
from pipeline.curate.lengths import Lengths
from pipeline.curate.measure import measure, shared_shingles

TALE = "once there was a king who had three daughters and a well beside the old lime tree in the wood"


def card_of(tmp_path, documents, name="m", config=None):
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    run(tmp_path, NATURAL, documents)
    out = tmp_path / name
    out.mkdir(exist_ok=True)
    measure(config or Measuring(), tmp_path / "raw", tmp_path / "out", out=out, track=Silent())
    return json.loads((out / "card.json").read_bytes())


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    documents = [
        text("a", "one two three .", domain="d"),
        text("b", "one two three .", domain="d"),
        question("c", "1 + 1", "2", reasoning="1 + 1 = 2\nso 2", num_steps=2, domain="e", depth=1, template="t"),
        question("d", "2 + 2", "5", reasoning="2 + 2 = 5", num_steps=1, domain="e", num_corrupted=1, is_wrong=True),
        question("e", "3 + 3", "six", reasoning="and on and on it goes " * 6, num_steps=1, domain="e"),
    ]
    return card_of(tmp_path_factory.mktemp("card"), documents)


def test_size_is_told_before_and_after(card):
    assert card["before"]["size"]["documents"] == 5
    assert card["before"]["size"]["unique_documents"] == 4
    assert card["before"]["quality"]["copies"] == 1
    size = card["after"]["size"]
    assert (size["documents"], size["tokens"]) == (4, 4 + 3 + 7 + 1 + 3 + 5 + 1 + 3 + 36 + 1)
    assert size["unique_tokens"] == size["tokens"]
    assert card["curation"]["dropped"]["documents"] == {"duplicate": {"documents": 1, "tokens": 4}}


def test_shares_of_tokens_by_domain(card):
    assert card["after"]["token_share_by_domain"] == {"d": round(4 / 64, 6), "e": round(60 / 64, 6)}
    assert card["after"]["by_template"] == {"t": 1}


def test_depth_is_steps_and_tokens_of_traces(card):
    depth = card["after"]["depth"]
    assert depth["questions"] == 3
    assert (depth["steps"]["mean"], depth["steps"]["largest"]) == (round(4 / 3, 3), 2)
    assert depth["steps"]["histogram"] == {"1": 2, "2": 1}
    assert depth["trace_tokens"]["largest"] == 36


def test_quality_is_what_can_be_checked(card):
    quality = card["after"]["quality"]
    assert quality["sums_checked_share"] == round(2 / 3, 6)
    assert quality["sums_right_share"] == 0.5
    assert quality["known_wrong_answer_share"] == round(1 / 3, 6)
    assert quality["answer_said_share"] == round(2 / 3, 6)
    assert quality["looping_share"] == round(1 / 3, 6)


def test_diversity_tells_templates_from_free_text(tmp_path):
    filled = [text(f"t{i}", f"{TALE} and the number of the day was {i}") for i in range(12)]
    words = TALE.split()
    free = [text(f"f{i}", " ".join(words[(j * (i + 2) + i) % len(words)] for j in range(30))) for i in range(12)]
    one, other = (card_of(tmp_path, documents)["before"]["diversity"] for documents in (filled, free))
    assert (one["clusters"], one["largest_cluster_share"]) == (1, 1.0)
    assert other["clusters"] == 12
    assert one["compression_ratio"] > 2 * other["compression_ratio"]
    assert one["distinct_ngram_share"]["3"] < other["distinct_ngram_share"]["3"]


def test_the_sample_is_the_same_in_whatever_order(tmp_path):
    documents = [text(f"t{i}", f"{TALE} {i * 7}") for i in range(9)]
    few = Measuring(sample_documents=4)
    one = card_of(tmp_path, documents, "one", few)["before"]["diversity"]
    other = card_of(tmp_path, documents[::-1], "other", few)["before"]["diversity"]
    assert one == other
    assert one["sample_documents"] == 4


def test_two_corpora_overlap_as_far_as_their_shingles_do(tmp_path):
    words = [f"w{i}" for i in range(3000)]
    card_of(tmp_path, [text("a", " ".join(words[:2000]))], "a")
    card_of(tmp_path, [text("b", " ".join(words[1000:]))], "b")
    card_of(tmp_path, [text("c", " ".join(words[::-1]))], "c")
    shared = shared_shingles(tmp_path / "a", tmp_path / "b")
    assert shared["of_first"] == pytest.approx(0.5, abs=0.03)
    assert shared["jaccard"] == pytest.approx(1 / 3, abs=0.03)
    assert shared_shingles(tmp_path / "a", tmp_path / "c")["jaccard"] == 0


def test_percentiles_are_within_three_percent():
    lengths = Lengths()
    for value in range(10_001):
        lengths.add(value)
    found = lengths.to_json()
    assert found["mean"] == 5000
    assert found["p50"] == pytest.approx(5000, rel=0.035)
    assert found["p99"] == pytest.approx(9900, rel=0.035)
    assert found["histogram"]["0"] == 1
    assert found["histogram"]["64"] == 64
    assert Lengths().to_json() == {}
