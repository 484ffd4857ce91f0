"""Folders that appear whole or not at all, and what a stage carries on from."""

import errno
import os

import pytest

from pipeline.core.artifact import Wanted
from pipeline.core.errors import UserError
from pipeline.core.files import drafted, remove_leftovers
from pipeline.core.ledger import Ledger
from pipeline.core.store import Store

WANTED = Wanted(stage="pretrain", label="x", version=1, literals={})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_with_all_it_holds_and_replaces_the_one_before(tmp_path):
    for text in ("one", "two"):
        with drafted(tmp_path / "deep" / "point", num_bytes=3) as draft:
            (draft / "a.txt").write_text(text)
            assert text == "two" or not (tmp_path / "deep" / "point").exists()
    assert names(tmp_path / "deep") == ["point"]
    assert (tmp_path / "deep" / "point" / "a.txt").read_text() == "two"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "no space is left on the disk; 3.0 MB are needed there and"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "the disk quota is used up; 3.0 MB are needed there and"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no space is left on the disk; 3.0 MB"),
    ],
)
def test_a_full_disk_is_told_with_what_is_needed_and_leaves_nothing(tmp_path, error, reason):
    with pytest.raises(UserError) as told, drafted(tmp_path / "point", num_bytes=3_000_000) as draft:
        (draft / "a.txt").write_text("half")
        raise error
    assert str(told.value).startswith(f"{tmp_path / 'point'}: {reason}")
    assert names(tmp_path) == []


def test_other_errors_stay_what_they_are_and_leave_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), drafted(tmp_path / "point", num_bytes=3):
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_leftovers_of_a_kill_are_removed_and_nothing_else(tmp_path):
    for name in (".gone-123", ".point.draft", "point"):
        (tmp_path / name / "deep").mkdir(parents=True)
    for name in (".file.draft", "file"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["file", "point"]


def test_restart_points_are_no_content_and_go_when_the_artifact_has_its_name(tmp_path):
    def make(out):
        (out / "restart" / "0001").mkdir(parents=True)
        (out / "restart" / "0001" / "big").write_text("x")
        (out / "model.txt").write_text("y")
        return Ledger()

    built = Store(tmp_path).build(WANTED, make, resumable=True)
    assert [entry.path for entry in built.record.files] == ["model.txt"]
    assert names(built.folder) == ["model.txt", "record.json"]


def test_a_killed_stage_finds_its_restart_points_and_none_of_its_drafts(tmp_path):
    found = []

    def make(out):
        found.append(names(out))
        (out / "restart").mkdir(exist_ok=True)
        (out / ".model.draft").mkdir()
        if len(found) == 1:
            raise KeyboardInterrupt
        (out / ".model.draft").rmdir()
        return Ledger()

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).build(WANTED, make, resumable=True)
    Store(tmp_path).build(WANTED, make, resumable=True)
    assert found == [[".parents.json"], [".parents.json", "restart"]]
