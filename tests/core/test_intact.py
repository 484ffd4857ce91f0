"""An artifact with a missing or changed file is named, and nothing is made from it."""

import os

import pytest

from pipeline.core.errors import UserError
from pipeline.core.intact import expect_intact, expect_whole
from pipeline.core.ledger import Ledger
from pipeline.core.lock import LockHeldError
from pipeline.core.store import Store, Wanted


def want(stage, *parents):
    return Wanted(stage=stage, label="ä b", version=1, literals={}, parents=parents)


def writes(text):
    def make(out):
        (out / "text").write_text(text)
        return Ledger()

    return make


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "ünï code and spaces")


def test_a_whole_artifact_is_fine_in_a_path_of_any_letters(store):
    parent = store.build(want("corpus"), writes("abc"))
    expect_intact(parent)
    assert store.build(want("mix", parent), writes("m")).folder.is_dir()


@pytest.mark.parametrize(
    ("damage", "told"),
    [(lambda path: path.unlink(), "missing"), (lambda path: path.write_text("ab"), "2 bytes, and 3 were recorded")],
)
def test_a_missing_file_or_another_size_is_told_at_every_look(damage, told, store):
    parent = store.build(want("corpus"), writes("abc"))
    damage(parent.folder / "text")
    with pytest.raises(UserError, match=told) as raised:
        expect_whole(parent)
    assert str(parent.folder / "text") in str(raised.value) and "\n" not in str(raised.value)
    for wanted in (want("corpus"), want("mix", parent)):
        with pytest.raises(UserError, match=told):
            store.build(wanted, writes("never"))


def test_changed_bytes_of_the_same_size_are_found_before_anything_is_made_from_them(store):
    parent = store.build(want("corpus"), writes("abc"))
    (parent.folder / "text").write_text("abd")
    with pytest.raises(UserError, match="its bytes are not those that were recorded"):
        store.build(want("mix", parent), writes("never"))
    assert store.find("mix", want("mix", parent).fingerprint) is None
    assert not store.unfinished()


def test_a_damaged_artifact_is_made_anew_once_its_folder_is_gone_or_by_force(store):
    parent = store.build(want("corpus"), writes("abc"))
    child = store.build(want("mix", parent), writes("m"))
    (parent.folder / "text").unlink()
    assert store.build(want("corpus"), writes("abc"), force=True).record.attempt == 2
    assert not store.is_stale(child)


def test_who_does_not_want_to_wait_is_told_that_somebody_is_at_it(store):
    def look_meanwhile(out):
        assert store.is_held("corpus", want("corpus").fingerprint)
        assert not store.is_held("mix", want("corpus").fingerprint)
        with pytest.raises(LockHeldError):
            Store(store.root).build(want("corpus"), writes("mine"), blocking=False)
        return writes("abc")(out)

    store.build(want("corpus"), look_meanwhile)
    assert not store.is_held("corpus", want("corpus").fingerprint)
    assert not list((store.root / ".locks").iterdir())


def test_records_of_another_version_are_listed_and_the_rest_is_read(store):
    good, bad = store.build(want("corpus"), writes("abc")), store.build(want("mix"), writes("m"))
    record = bad.folder / "record.json"
    record.write_text(record.read_text().replace('"schema": 1', '"schema": 99'))
    unreadable = []
    assert list(store.artifacts(unreadable=unreadable)) == [good]
    assert len(unreadable) == 1 and "has schema 99, this program reads 1" in unreadable[0]
    with pytest.raises(UserError, match="has schema 99"):
        list(store.artifacts())


def test_clocks_that_jump_change_nothing_that_is_decided(store):
    first = store.build(want("corpus"), writes("abc"))
    second = store.build(want("corpus"), writes("abc"), force=True)
    for folder, when in ((first.folder, 4e9), (second.folder, 1.0)):  # the older one lies in the future
        os.utime(folder, (when, when))
    assert store.find("corpus", first.fingerprint) == second
