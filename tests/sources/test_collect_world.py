from pipeline.core.document import read_documents
from pipeline.core.track import Silent
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus
from pipeline.tasks.world.dials import BaseText, Reasoning
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.split import split_of_hash

BASE = BaseText(num_documents=300, lookup_share=0.1)
REASONING = Reasoning(
    num_documents=300, families=tuple(FAMILIES)[:2], templates=2, depths={2: 1.0, 3: 1.0}, styles={"verbose": 1.0}
)


def gather(out, name, world, key="t/seed0"):
    out.mkdir()
    corpus = Corpus(name=name, world=world, heldout_documents=40)
    ledger = collect(corpus, study_key=key, data_root=None, out=out, track=Silent())
    assert ledger.documents == 340
    return [list(read_documents(out / f"{name}.parquet")) for name in ("documents", "heldout")]


def test_reasoning_comes_from_the_train_split_and_is_held_out_from_the_test_split(tmp_path):
    train, heldout = gather(tmp_path / "a", "ldq", REASONING)
    assert (len(train), len(heldout)) == (300, 40)
    assert {split_of_hash(d.structure) for d in train} == {"train"}
    assert {split_of_hash(d.structure) for d in heldout} == {"test"}
    assert len({d.id for d in train + heldout}) == 340


def test_the_same_key_gives_the_same_bytes_and_another_other_documents(tmp_path):
    for name, world in (("base", BASE), ("ldq", REASONING)):
        first, _ = gather(tmp_path / f"{name}1", name, world)
        gather(tmp_path / f"{name}2", name, world)
        other, _ = gather(tmp_path / f"{name}3", name, world, "t/seed1")
        for file in ("documents.parquet", "heldout.parquet", "counts.json"):
            assert (tmp_path / f"{name}1" / file).read_bytes() == (tmp_path / f"{name}2" / file).read_bytes()
        shared = {(d.text, d.prompt) for d in first} & {(d.text, d.prompt) for d in other}
        assert len(shared) < 30
