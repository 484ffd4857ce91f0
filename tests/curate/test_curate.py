import json
from hashlib import blake2b

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from pipeline.core.document import Document, read_documents, write_documents
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.curate.config import VERSION, Curation
from pipeline.curate.curate import curate
from pipeline.curate.decontaminate import Decontaminator
from pipeline.tasks.score import TaskProblem
from pipeline.tasks.suite import Gsm8kSuite, Suite
from pipeline.tasks.world.split import split_of_hash

IN_TRAIN, IN_DEV, IN_TEST = (
    next(digest for i in range(100) if split_of_hash(digest := f"{i:016x}") == split)
    for split in ("train", "dev", "test")
)
NATURAL = Curation(is_world=False)


def question(name, prompt="q", answer="5", **known):
    return Document(id=name, source="s", prompt=prompt, answer=answer, **known)


def text(name, words):
    return Document(id=name, source="s", text=words)


def run(tmp_path, config, documents, heldout=(), suites=(), data_root=None, out="out"):
    folder = tmp_path / "raw"
    folder.mkdir(exist_ok=True)
    write_documents(folder / "documents.parquet", documents)
    write_documents(folder / "heldout.parquet", heldout)
    target = tmp_path / out
    target.mkdir()
    ledger = curate(config, folder, suites=suites, study_key="t/seed0", data_root=data_root, out=target, track=Silent())
    kept, kept_out = ([d.id for d in read_documents(target / f"{n}.parquet")] for n in ("documents", "heldout"))
    assert ledger.documents == len(kept) + len(kept_out)
    dropped = [tuple(row.values()) for row in pq.read_table(target / "dropped.parquet").to_pylist()]
    return kept, kept_out, dropped, json.loads((target / "card.json").read_bytes())


def test_equal_documents_are_kept_once_and_never_on_both_sides(tmp_path):
    documents = [text("a", "one"), text("b", "one"), question("c"), question("d", reasoning="r"), question("e")]
    kept, kept_out, dropped, card = run(tmp_path, NATURAL, documents, [text("f", "one"), text("g", "two")])
    assert (kept, kept_out) == (["a", "c", "d"], ["g"])
    assert dropped == [
        ("documents", "b", "duplicate", "a"),
        ("documents", "e", "duplicate", "c"),
        ("heldout", "f", "duplicate", "a"),
    ]
    assert card["read"] == {"documents": 5, "heldout": 2}
    assert card["kept"] == {"documents": 3, "heldout": 1}
    assert card["dropped"] == {"documents": {"duplicate": 2}, "heldout": {"duplicate": 1}}


def test_each_filter_has_a_document_that_trips_only_it(tmp_path):
    config = Curation(is_world=False, min_answer_words=3, min_steps=2)
    documents = [
        question("fine", reasoning="a b", num_steps=2),
        question("short", reasoning="a", num_steps=2),
        question("few", reasoning="a b c", num_steps=1),
        question("marked", reasoning="a </think> b", num_steps=2),
        text("plain", "x"),
    ]
    kept, _, dropped, _ = run(tmp_path, config, documents)
    assert kept == ["fine", "plain"]
    assert dropped == [
        ("documents", "short", "short_answer", "2 words"),
        ("documents", "few", "few_steps", "1 steps"),
        ("documents", "marked", "special_mark", "</think>"),
    ]


def test_the_world_keeps_only_structures_of_the_right_split(tmp_path):
    sides = {"train": IN_TRAIN, "dev": IN_DEV, "test": IN_TEST}
    documents = [question(name, name, structure=structure) for name, structure in sides.items()]
    heldout = [question(f"h{name}", f"h{name}", structure=structure) for name, structure in sides.items()]
    kept, kept_out, dropped, card = run(tmp_path, Curation(is_world=True), [*documents, text("t", "x")], heldout)
    assert (kept, kept_out) == (["train", "t"], ["htest"])
    assert [row[:3] for row in dropped] == [
        ("documents", "dev", "structure_not_train"),
        ("documents", "test", "structure_not_train"),
        ("heldout", "htrain", "structure_not_test"),
        ("heldout", "hdev", "structure_not_test"),
    ]
    assert card["dropped"]["documents"] == {"structure_not_train": 2}


def test_characteristics_are_counted(tmp_path):
    documents = [
        question("a", "1 2", family="f", template="0", depth=2, num_steps=2, reasoning="x y z", structure=IN_TRAIN),
        question("b", "3 4", family="f", template="1", depth=3, num_steps=2, num_corrupted=1, structure=IN_TRAIN),
        question("c", "5 6", family="g", template="0", depth=2, is_wrong=True, style="answer_only", structure="f" * 16),
        text("d", "one two three"),
    ]
    like = run(tmp_path, NATURAL, documents)[3]["characteristics"]
    assert (like["documents"], like["unique_documents"], like["questions"], like["words"]) == (4, 4, 3, 15)
    assert like["family_template_entropy_bits"] == 2.0  # four kinds, one each
    assert like["structure_entropy_bits"] == 0.918296  # 2/3 and 1/3
    assert (like["mean_steps"], like["mean_trace_words"]) == (1.333333, 1.0)
    assert (like["corrupted_step_rate"], like["wrong_answer_rate"]) == (0.25, 0.333333)
    assert like["by_depth"] == {"2": 2, "3": 1}
    assert like["by_family"] == {"f": 2, "g": 1}
    assert like["by_style"] == {"answer_only": 1}


EVAL = "Natalia sold clips to 48 of her friends in April , and then she sold half as many clips in May ."


def problem(name, prompt):
    return TaskProblem(
        id=name,
        task="gsm8k",
        domain="math",
        depth=1,
        template="",
        structure="",
        held_out=False,
        prompt=prompt,
        answer="72",
        choices=(),
    )


def test_shared_ngrams_and_whole_questions_are_contamination(tmp_path):
    suites = {"gsm8k": [problem("p0", EVAL), problem("p1", "What is 2 + 2 ?")]}
    drop = Decontaminator(suites, 8, tmp_path)
    assert drop(text("seven shared", "we said: she sold half as many clips in June")) is None
    found = drop(text("eight shared", "we said: then she sold half as many CLIPS in June"))
    assert found == ("contaminated", "gsm8k: then she sold half as many clips in")
    assert drop(question("numbers differ", EVAL.replace("48", "99"))) is not None
    assert drop(question("whole", "what is 2 + 2?")) == ("contaminated", "gsm8k: p1: the whole question")
    assert drop(question("other", "what is 2 + 3?")) is None
    assert (drop.num_questions, drop.num_shorter) == ({"gsm8k": 2}, {"gsm8k": 1})


def test_natural_text_is_decontaminated_against_the_suites(tmp_path):
    row = {"question": EVAL, "answer": "so\n#### 72"}
    (tmp_path / "test.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    suite = Suite(name="gsm8k", gsm8k=Gsm8kSuite(path="test.jsonl", num_problems=1))
    documents = [text("clean", "nothing to see"), text("leak", f"as read: {EVAL}")]
    config = Curation(is_world=False, decontaminate=True, ngram=13)
    kept, _, dropped, card = run(tmp_path, config, documents, suites=[suite], data_root=tmp_path)
    assert kept == ["clean"]
    assert dropped[0][:3] == ("documents", "leak", "contaminated")
    assert card["decontamination"] == {"eval_questions": {"gsm8k": 1}, "shorter_than_ngram": {"gsm8k": 0}}


def test_the_world_is_not_decontaminated_by_ngrams():
    with pytest.raises(ValidationError, match="structural split"):
        Curation(is_world=True, decontaminate=True)


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"drops every document \{'short_answer': 1\}"):
        run(tmp_path, Curation(is_world=False, min_answer_words=9), [question("a")])


def test_everything_is_bit_equal_a_second_time(tmp_path):
    documents = [text("a", "one"), text("b", "one"), question("c")]
    for out in ("one", "two"):
        run(tmp_path, NATURAL, documents, out=out)
    for file in ("documents.parquet", "heldout.parquet", "dropped.parquet", "card.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_output_is_pinned_beside_its_version(tmp_path):
    documents = [text("a", "one"), text("b", "one"), question("c", depth=2, num_steps=1, reasoning="x y", family="f")]
    content = json.dumps(run(tmp_path, NATURAL, documents))
    assert (VERSION, blake2b(content.encode(), digest_size=6).hexdigest()) == (1, "66f3f4206eae"), (
        "meaning changed: raise VERSION"
    )
