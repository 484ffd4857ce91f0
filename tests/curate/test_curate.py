import json
import shutil
from hashlib import blake2b

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from pipeline.core import document as document_module
from pipeline.core.checksum import RESTART
from pipeline.core.document import Document, read_documents, write_documents
from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.core.track import Silent
from pipeline.curate.config import NATURAL_VERSION, VERSION, Curation
from pipeline.curate.curate import curate
from pipeline.tasks.suite import Gsm8kSuite, Suite
from pipeline.tasks.world.split import split_of_hash

IN_TRAIN, IN_DEV, IN_TEST = (
    next(digest for i in range(100) if split_of_hash(digest := f"{i:016x}") == split)
    for split in ("train", "dev", "test")
)
NATURAL = Curation(decontaminate=False)
WORLD = Curation(is_world=True)


def question(name, prompt="q", answer="5", **known):
    return Document(id=name, source="s", prompt=prompt, answer=answer, **known)


def text(name, words, **known):
    return Document(id=name, source="s", text=words, **known)


def run(tmp_path, config, documents, heldout=(), suites=(), data_root=None, out="out", executor=None, against=None):
    folder = tmp_path / "raw"
    folder.mkdir(exist_ok=True)
    write_documents(folder / "documents.parquet", documents, has_metadata=not config.is_world)
    write_documents(folder / "heldout.parquet", heldout, has_metadata=not config.is_world)
    target = tmp_path / out
    target.mkdir(exist_ok=True)
    ledger = curate(
        config,
        folder,
        suites=suites,
        study_key="t/seed0",
        data_root=data_root,
        out=target,
        track=Silent(),
        executor=executor,
        against=against,
    )
    shutil.rmtree(target / RESTART, ignore_errors=True)  # as the store does when it publishes
    kept, kept_out = ([d.id for d in read_documents(target / f"{n}.parquet")] for n in ("documents", "heldout"))
    assert ledger.documents == len(kept) + len(kept_out)
    rows = pq.read_table(target / "dropped.parquet").to_pylist()
    dropped = [tuple(row[name] for name in ("split", "id", "reason", "evidence")) for row in rows]
    return kept, kept_out, dropped, json.loads((target / "card.json").read_bytes())


def test_equal_documents_are_kept_once_and_never_on_both_sides(tmp_path):
    documents = [text("a", "one"), text("b", "one"), question("c"), question("d", reasoning="r"), question("e")]
    for config in (NATURAL, WORLD):
        heldout = [text("f", "one"), text("g", "two")]
        kept, kept_out, dropped, card = run(tmp_path, config, documents, heldout, out=f"world_{config.is_world}")
        assert (kept, kept_out) == (["a", "c", "d"], ["g"])
        assert dropped == [
            ("documents", "b", "duplicate", "a"),
            ("documents", "e", "duplicate", "c"),
            ("heldout", "f", "duplicate", "a"),
        ]
        assert card["read"] == {"documents": 5, "heldout": 2}
        assert card["kept"] == {"documents": 3, "heldout": 1}


def test_every_reason_has_counts_tokens_and_samples(tmp_path):
    documents = [text("a", "one two."), text("b", "one two."), text("c", "three")]
    card = run(tmp_path, NATURAL, documents)[3]
    assert card["kept_tokens"] == {"documents": 4, "heldout": 0}  # two words and a mark, and a word
    assert card["dropped"] == {"documents": {"duplicate": {"documents": 1, "tokens": 3}}, "heldout": {}}
    assert card["samples"] == {"duplicate": [{"id": "b", "evidence": "a", "text": "one two."}]}
    page = (tmp_path / "out" / "dropped.md").read_text()
    assert "## duplicate: 1 documents, 3 tokens" in page
    assert "`b` - a" in page


def test_each_filter_has_a_document_that_trips_only_it(tmp_path):
    config = Curation(
        decontaminate=False, min_answer_words=3, max_answer_words=9, min_steps=2, max_steps=3, checked_sums=True
    )
    documents = [
        question("fine", reasoning="a 1 + 1 = 2", num_steps=2),
        question("short", reasoning="a", num_steps=2),
        question("long", reasoning="a b c d e f g h i j", num_steps=2),
        question("few", reasoning="a b c", num_steps=1),
        question("many", reasoning="a b d", num_steps=4),
        question("marked", reasoning="a </think> b", num_steps=2),
        question("wrong", reasoning="so 2 + 2 = 5", num_steps=2),
        text("plain", "x"),
    ]
    kept, _, dropped, _ = run(tmp_path, config, documents)
    assert kept == ["fine", "plain"]
    assert dropped == [
        ("documents", "marked", "special_mark", "</think>"),
        ("documents", "short", "short_answer", "2 words"),
        ("documents", "long", "long_answer", "11 words"),
        ("documents", "few", "few_steps", "1 steps"),
        ("documents", "many", "many_steps", "4 steps"),
        ("documents", "wrong", "wrong_sum", "so 2 + 2 = 5"),
    ]


def test_quality_filters_judge_plain_text_by_their_published_thresholds(tmp_path):
    config = NATURAL.model_copy(update={"quality": ("gopher_quality", "gopher_repetition")})
    fine = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(60)) + "."
    loop = "again and again and again. " * 30
    documents = [
        text("fine", fine),
        text("short", "too few words"),
        text("loop", loop),
        question("q", "short question"),
    ]
    kept, _, dropped, _ = run(tmp_path, config, documents)
    assert kept == ["fine", "q"]
    assert [row[1:3] for row in dropped] == [("short", "gopher_short_doc"), ("loop", dropped[1][2])]
    assert dropped[1][2].startswith(("dup", "top", "duplicated"))


def test_the_world_keeps_only_structures_of_the_right_split(tmp_path):
    sides = {"train": IN_TRAIN, "dev": IN_DEV, "test": IN_TEST}
    documents = [question(name, name, structure=structure) for name, structure in sides.items()]
    heldout = [question(f"h{name}", f"h{name}", structure=structure) for name, structure in sides.items()]
    kept, kept_out, dropped, card = run(tmp_path, WORLD, [*documents, text("t", "x")], heldout)
    assert (kept, kept_out) == (["train", "t"], ["htest"])
    assert [row[:3] for row in dropped] == [
        ("documents", "dev", "structure_not_train"),
        ("documents", "test", "structure_not_train"),
        ("heldout", "htrain", "structure_not_test"),
        ("heldout", "hdev", "structure_not_test"),
    ]
    assert card["dropped"]["documents"] == {"structure_not_train": 2}


def test_the_worlds_characteristics_are_counted(tmp_path):
    documents = [
        question("a", "1 2", family="f", template="0", depth=2, num_steps=2, reasoning="x y z", structure=IN_TRAIN),
        question("b", "3 4", family="f", template="1", depth=3, num_steps=2, num_corrupted=1, structure=IN_TRAIN),
        question("c", "5 6", family="g", template="0", depth=2, is_wrong=True, style="answer_only"),
        text("d", "one two three"),
    ]
    like = run(tmp_path, WORLD, documents)[3]["characteristics"]
    assert (like["documents"], like["unique_documents"], like["questions"], like["words"]) == (4, 4, 3, 15)
    assert like["family_template_entropy_bits"] == 2.0  # four kinds, one each
    assert (like["mean_steps"], like["mean_trace_words"]) == (1.333333, 1.0)
    assert (like["corrupted_step_rate"], like["wrong_answer_rate"]) == (0.25, 0.333333)
    assert like["by_depth"] == {"2": 2, "3": 1}


@pytest.mark.parametrize("asked", [{"decontaminate": True}, {"against": ("a",)}, {"quality": ("fineweb",)}])
def test_the_world_is_not_curated_as_text(asked):
    with pytest.raises(ValidationError, match="for natural text"):
        Curation(is_world=True, **asked)
    with pytest.raises(UserError, match="for natural text"):
        Curation(**asked).of_kind(is_world=True)


def test_what_is_for_text_is_no_part_of_the_worlds_identity():
    drawn = Curation(min_answer_words=3).of_kind(is_world=True).literals()
    assert drawn == {
        "is_world": True,
        "min_answer_words": 3,
        "min_steps": 0,
        "decontaminate": False,
        "ngram": 13,
    }


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"drops every document \{'short_answer': 1\}"):
        run(tmp_path, Curation(decontaminate=False, min_answer_words=9), [question("a")])


def test_limits_that_exclude_each_other_are_refused():
    with pytest.raises(ValidationError, match="max_steps 1 is below min_steps 2"):
        Curation(min_steps=2, max_steps=1)


FILES = ("documents.parquet", "heldout.parquet", "dropped.parquet", "card.json", "dropped.md")
SENTENCE = "the old man walked slowly down to the harbour and looked for the boat of his brother in the rain "


def many_documents():
    texts = [f"{SENTENCE} number {i // 2} {'with a lamp' * (i % 2)} {i // 2} {i // 2}" for i in range(24)]
    return [text(f"d{i}", words) for i, words in enumerate(texts)]


@pytest.fixture
def small_groups(monkeypatch):
    """Several row groups in a small file, so that there is something to divide."""
    monkeypatch.setattr(document_module, "ROWS_PER_GROUP", 5)


@pytest.mark.usefixtures("small_groups")
def test_in_however_many_parts_it_runs_the_bytes_are_the_same(tmp_path):
    documents, heldout = many_documents(), [text("h0", SENTENCE), text("h1", "something else entirely")]
    for out, tasks in (("one", 1), ("three", 3), ("again", 3)):
        run(tmp_path, NATURAL, documents, heldout, out=out, executor=Executor(tasks=tasks))
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "three" / file).read_bytes(), file
        assert (tmp_path / "three" / file).read_bytes() == (tmp_path / "again" / file).read_bytes(), file


def test_output_is_pinned_beside_its_version(tmp_path):
    documents = [text("a", "one"), text("b", "one"), question("c", depth=2, num_steps=1, reasoning="x y", family="f")]
    drawn, read = (json.dumps(run(tmp_path, config, documents)) for config in (WORLD, NATURAL))
    digests = [blake2b(content.encode(), digest_size=6).hexdigest() for content in (drawn, read)]
    assert (VERSION, digests[0]) == (1, "66f3f4206eae"), "meaning changed: raise VERSION"
    assert (NATURAL_VERSION, digests[1]) == (3, "a24d53036bbc"), "meaning changed: raise NATURAL_VERSION"


def test_natural_text_is_decontaminated_against_the_suites(tmp_path):
    asked = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May."
    row = {"question": asked, "answer": "so\n#### 72"}
    (tmp_path / "test.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    suite = Suite(name="gsm8k", gsm8k=Gsm8kSuite(path="test.jsonl", num_problems=1))
    documents = [text("clean", "nothing to see"), text("leak", f"as read: {asked}")]
    kept, _, dropped, card = run(tmp_path, Curation(), documents, suites=[suite], data_root=tmp_path)
    assert kept == ["clean"]
    assert dropped[0][:3] == ("documents", "leak", "contaminated")
    assert card["decontamination"]["eval_questions"] == {"gsm8k": 1}
