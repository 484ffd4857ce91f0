"""The corpora of `data_mixes/local` on a row of each set, as its publisher shapes it; the real ones where they are."""

import gzip
import json
from pathlib import Path

import pytest
import yaml

from pipeline.core.document import read_documents
from pipeline.core.track import Silent
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
TABLES = ROOT / "data_mixes"
MIXES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((TABLES / "local").glob("*.yaml"))}
CORPORA = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((TABLES / "corpora").glob("*.yaml"))}
READ = sorted({CORPORA[name].get("parent", name) for mix in MIXES.values() for name in mix["weights"]})

FILES = {
    "100_english_novels/Anon_A_1864.txt": "\ufeffCHAPTER I.\r\n\r\nIt was a \u201cnight\u201d.\r\n",
    "python_peps/pep-0001.rst": "PEP: 1\nTitle: PEP Purpose\n\nWhat is a PEP?\n",
    "gsm8k/train.jsonl": {"question": "1 and 1?", "answer": "It is 1 + 1 = <<1+1=2>>2.\n#### 2"},
    "codeio/codeio-hq.jsonl.gz": [{"task_description": "Add.", "input_output_spec": "a, b", "code_sample": "a + b"}],
    "strategyqa/train.json": [{"qid": "x", "question": "Is it?", "answer": True, "facts": ["It is."], "term": "it"}],
    "folio/folio-train.jsonl": {
        "story_id": 4, "premises": ["All a are b.", "c is a."], "conclusion": "c is b.", "label": "True",
    },
    "prosqa/prosqa_valid.json": [
        {"question": "Is Tom a lempus?", "answer": "Tom is.", "steps": ["Tom is a b.", "So."]},
    ],
    "aqua_rat/dev.json": {
        "question": "How many?", "options": ["A)1", "B)2"], "rationale": "1 + 1\n= 2", "correct": "B",
    },
}  # fmt: skip
EXPECTED = {
    "novels": ("CHAPTER I.\n\nIt was a \u201cnight\u201d.", "", "", ""),
    "peps": ("PEP: 1\nTitle: PEP Purpose\n\nWhat is a PEP?", "", "", ""),
    "gsm8k": ("", "1 and 1?", "It is 1 + 1 = 2.", "2"),
    "codeio": ("", "Add.\n\na, b", "", "a + b"),
    "strategyqa": ("", "Is it?", "It is.", "yes"),
    "folio": ("", "All a are b.\nc is a.\nDoes it follow: c is b.", "", "True"),
    "prosqa": ("", "Is Tom a lempus?", "Tom is a b.\nSo.", "Tom is."),
    "aqua": ("", "How many?\nA)1\nB)2", "1 + 1\n= 2", "B"),
}


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return root


def gathered(name, data_root, out, **changed):
    corpus = Corpus(name=name, files={**CORPORA[name]["files"], **changed})
    collect(corpus, study_key="t", data_root=data_root, out=out, track=Silent())
    return list(read_documents(out / "documents.parquet")), json.loads((out / "counts.json").read_text())


def test_every_mix_names_corpora_that_there_are():
    assert set(MIXES) == {"alf", "base", "ldq", "lmq", "shq"}
    assert set(READ) == set(EXPECTED)
    for mix in MIXES.values():
        assert sum(mix["weights"].values()) == pytest.approx(1)
        assert set(mix["weights"]) <= set(CORPORA)


@pytest.mark.parametrize("name", READ)
def test_a_row_of_each_set_becomes_a_document(name, data_root, tmp_path):
    ((document,), counts) = gathered(name, data_root, tmp_path, heldout_share=0)
    assert (document.text, document.prompt, document.reasoning, document.answer) == EXPECTED[name]
    assert document.domain
    assert counts["dropped"].get("bad_row", 0) == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize("name", READ)
def test_the_first_rows_of_each_real_set_are_read_without_a_drop(name, tmp_path):
    documents, counts = gathered(name, SHARED, tmp_path, max_documents=20)
    assert len(documents) + counts["heldout"] + sum(counts["dropped"].values()) == 20
    assert set(counts["dropped"]) <= {"empty"}
