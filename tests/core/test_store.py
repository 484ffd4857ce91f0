"""The store within one process: hand-made artifacts of a few bytes."""

import errno
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Artifact, Store, Wanted


def want(label: str, *parents: Artifact, stage: str = "toys", **literals: object) -> Wanted:
    return Wanted(stage=stage, label=label, version=1, literals=literals, parents=parents, seed=0)


def writes(text: str) -> Callable[[Path], Ledger]:
    def make(out: Path) -> Ledger:
        assert list(out.iterdir()) == []
        (out / "deep").mkdir()
        (out / "deep" / "toy.txt").write_text(text)
        (out / "logs").mkdir()
        (out / "logs" / "clock.txt").write_text("12:34")
        return Ledger(documents=len(text))

    return make


def never(out: Path) -> Ledger:
    raise AssertionError(f"must not be made again: {out}")


def names(store: Store, stage: str = "toys") -> list[str]:
    return sorted(folder.name for folder in (store.root / stage).iterdir())


def test_what_is_built_is_found_and_not_built_again(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path / "runs"), want("a toy / été", size=3)
    artifact = store.build(wanted, writes("abc"))
    assert artifact.folder == tmp_path / "runs/toys" / f"a_toy_t-{wanted.fingerprint[:12]}"
    assert (artifact.folder / "deep/toy.txt").read_text() == "abc"
    assert store.build(wanted, never) == artifact
    assert Store(tmp_path / "runs", "lease").build(wanted, never) == artifact
    assert store.find("toys", wanted.fingerprint) == artifact
    assert store.find("toys", "0" * 64) is None
    assert store.stages() == ["toys"]


def test_the_label_is_for_people_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    artifact = store.build(want("one name", size=3), writes("abc"))
    assert store.build(want("another", size=3), never) == artifact
    assert store.build(want("one name", size=4), writes("abcd")) != artifact


def test_labels_that_are_no_names_become_names(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for index, label in enumerate([".work-", "../..", "", "x" * 300, "lr=1e-4,ldq > 2x shq"]):
        artifact = store.build(want(label, index=index), writes("abc"))
        assert store.find("toys", artifact.fingerprint) == artifact
    shown = [re.sub("-[0-9a-f]{12}$", "", name) for name in names(store)]
    assert sorted(shown) == sorted(["work", "unnamed", "unnamed", "x" * 80, "lr=1e-4,ldq_2x_shq"])


def test_the_record_says_what_was_asked_and_what_came_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    parent = store.build(want("a", stage="ores", size=1), writes("a"))
    record = store.build(want("b", parent, betas=(0.9, 0.98)), writes("abc")).record
    assert record.literals == {"betas": [0.9, 0.98]}
    assert (record.stage, record.label, record.version, record.seed, record.attempt) == ("toys", "b", 1, 0, 1)
    assert [entry.path for entry in record.files] == ["deep/toy.txt"]
    assert [entry.size for entry in record.files] == [3]
    assert record.ledger == Ledger(documents=3)
    assert record.parents == (parent.as_parent(),)
    assert record.parents[0].content == parent.content
    assert record.wall_seconds >= 0
    assert record.cpu_seconds is not None and record.cpu_seconds >= 0
    assert record.provenance.packages["torch"].startswith("2.")
    assert re.fullmatch("[0-9a-f]{40}|unknown", record.provenance.commit)


def test_content_depends_on_bytes_and_names_and_not_on_logs(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def renamed(out: Path) -> Ledger:
        (out / "deep").mkdir()
        (out / "deep" / "ball.txt").write_text("abc")
        return Ledger()

    def logless(out: Path) -> Ledger:
        (out / "deep").mkdir()
        (out / "deep" / "toy.txt").write_text("abc")
        return Ledger()

    contents = [
        store.build(want("x", n=n), m).content for n, m in enumerate([writes("abc"), logless, renamed, writes("abd")])
    ]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


def test_a_forced_build_is_a_new_attempt_and_the_newest_is_used(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), want("a", size=3)
    first = store.build(wanted, writes("abc"))
    second = store.build(wanted, writes("abd"), force=True)
    third = store.build(want("b", size=3), writes("abe"), force=True)
    assert [artifact.record.attempt for artifact in (first, second, third)] == [1, 2, 3]
    assert [artifact.folder.name.partition("-")[0] for artifact in (first, second, third)] == ["a", "a", "b"]
    assert second.folder.name.endswith("-r2")
    assert (first.folder / "deep/toy.txt").read_text() == "abc"
    assert store.attempts("toys", wanted.fingerprint) == [first, second, third]
    assert store.build(wanted, never) == third


def test_a_place_that_is_taken_is_never_overwritten(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), want("a", size=3)
    taken = tmp_path / "toys" / f"a-{wanted.fingerprint[:12]}"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("somebody's")
    artifact = store.build(wanted, writes("abc"))
    assert artifact.folder.name == f"{taken.name}-r2"
    assert artifact.record.attempt == 2
    assert Artifact.open(artifact.folder).record == artifact.record
    assert (taken / "mine.txt").read_text() == "somebody's"


def test_a_parent_with_other_content_makes_a_new_attempt_and_with_equal_content_none(tmp_path: Path) -> None:
    store, ore = Store(tmp_path), want("ore", stage="ores")
    child = store.build(want("a", store.build(ore, writes("x")), size=3), writes("abc"))
    same = store.build(ore, writes("x"), force=True)
    assert store.build(want("a", same, size=3), never) == child
    other = store.build(ore, writes("y"), force=True)
    again = store.build(want("a", other, size=3), writes("abc"))
    assert again.record.attempt == 2
    assert again.fingerprint == child.fingerprint


def test_an_exception_leaves_no_more_than_a_work_folder(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), want("a", size=3)

    def breaks(out: Path) -> Ledger:
        (out / "half.txt").write_text("ab")
        raise ValueError("broken on the way")

    with pytest.raises(ValueError, match="on the way"):
        store.build(wanted, breaks)
    assert store.find("toys", wanted.fingerprint) is None
    assert [name.partition("-")[0] for name in names(store)] == [".work"]
    artifact = store.build(wanted, writes("abc"))  # `writes` finds an empty folder
    assert names(store) == [artifact.folder.name]


def stops_halfway(out: Path) -> Ledger:
    (out / "half.txt").write_text("ab")
    raise KeyboardInterrupt


def carries_on(out: Path) -> Ledger:
    text = (out / "half.txt").read_text() if (out / "half.txt").exists() else ""
    (out / "half.txt").write_text(text + "|")
    return Ledger()


def test_a_resumable_build_carries_on_if_its_parents_have_the_content_they_had(tmp_path: Path) -> None:
    store, ore = Store(tmp_path), want("ore", stage="ores")
    parent = store.build(ore, writes("x"))
    with pytest.raises(KeyboardInterrupt):
        store.build(want("a", parent), stops_halfway, resumable=True)
    same = store.build(ore, writes("x"), force=True)
    artifact = store.build(want("a", same), carries_on, resumable=True)
    assert (artifact.folder / "half.txt").read_text() == "ab|"
    assert artifact.verify() == []

    with pytest.raises(KeyboardInterrupt):
        store.build(want("a", same), stops_halfway, resumable=True, force=True)
    other = store.build(ore, writes("y"), force=True)
    again = store.build(want("a", other), carries_on, resumable=True)
    assert (again.folder / "half.txt").read_text() == "|"
    assert again.content != artifact.content


def test_a_build_that_cannot_resume_begins_with_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.build(want("a"), stops_halfway)
    assert (store.build(want("a"), carries_on, resumable=True).folder / "half.txt").read_text() == "|"


def test_a_run_killed_after_its_record_was_written_is_resumed_not_believed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.build(want("a"), stops_halfway, resumable=True)
    (work,) = (tmp_path / "toys").iterdir()
    (work / "record.json").write_text("{}")
    (work / ".record.json.draft").write_text("{")
    assert list(store.artifacts()) == []
    artifact = store.build(want("a"), carries_on, resumable=True)
    assert [entry.path for entry in artifact.record.files] == ["half.txt"]
    assert sorted(path.name for path in artifact.folder.iterdir()) == ["half.txt", "record.json"]


def test_a_full_disk_is_one_clear_line_and_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), want("a", size=3)

    def fills_the_disk(out: Path) -> Ledger:
        (out / "half.txt").write_text("ab")
        raise OSError(errno.ENOSPC, "No space left on device", str(out / "half.txt"))

    def fills_it_from_rust(out: Path) -> Ledger:
        raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(UserError, match=r"half\.txt: no space is left on the disk; free some"):
        store.build(wanted, fills_the_disk)
    with pytest.raises(UserError, match="no space is left on the disk; free some"):
        store.build(wanted, fills_it_from_rust)
    assert store.find("toys", wanted.fingerprint) is None
    assert store.build(wanted, writes("abc")).record.attempt == 1


def test_a_read_only_store_is_one_clear_line_and_an_unreadable_input_is_left_alone(tmp_path: Path) -> None:
    def read_only(out: Path) -> Ledger:
        raise OSError(errno.EROFS, "Read-only file system", str(out))

    def unreadable(out: Path) -> Ledger:
        raise PermissionError(errno.EACCES, "Permission denied", "/data/input.jsonl")

    with pytest.raises(UserError, match=r"read-only; make .* writable or choose another folder"):
        Store(tmp_path / "runs").build(want("a"), read_only)
    with pytest.raises(PermissionError):
        Store(tmp_path / "runs").build(want("a"), unreadable)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="no folder"):
        Store(tmp_path / "file").build(want("a"), never)


def test_verify_names_each_file_that_is_not_as_recorded(tmp_path: Path) -> None:
    artifact = Store(tmp_path).build(want("a", size=3), writes("abc"))
    assert artifact.verify() == []
    file = artifact.folder / "deep/toy.txt"
    (artifact.folder / "logs/more.txt").write_text("context may change")
    file.write_text("abd")
    assert artifact.verify() == [f"{file}: changed (other bytes of the same size)"]
    file.write_text("ab")
    assert artifact.verify() == [f"{file}: changed (3 bytes were recorded, 2 are there)"]
    file.rename(artifact.folder / "toy.txt")
    assert artifact.verify() == [f"{file}: missing", f"{artifact.folder / 'toy.txt'}: extra"]


def test_verify_notices_a_record_that_was_edited(tmp_path: Path) -> None:
    artifact = Store(tmp_path).build(want("a", size=3), writes("abc"))
    path = artifact.folder / "record.json"
    path.write_text(path.read_text().replace('"size": 3\n', '"size": 4\n'))
    assert json.loads(path.read_text())["literals"] == {"size": 4}
    assert Artifact.open(artifact.folder).verify() == [f"{path}: changed (it contradicts itself)"]


def test_a_broken_record_or_one_of_another_schema_is_one_clear_line(tmp_path: Path) -> None:
    store, wanted = Store(tmp_path), want("a", size=3)
    path = store.build(wanted, writes("abc")).folder / "record.json"
    whole = path.read_text()
    path.write_text(whole[:100])
    with pytest.raises(UserError, match=r"record\.json is broken; remove the folder"):
        store.find("toys", wanted.fingerprint)
    path.write_text(whole.replace('"attempt": 1', '"attempt": "one"'))
    with pytest.raises(UserError, match=r"record\.json is broken"):
        store.find("toys", wanted.fingerprint)
    path.write_text(whole.replace('"schema": 1', '"schema": 99'))
    with pytest.raises(UserError, match=r"record\.json has schema 99, this program reads 1"):
        store.find("toys", wanted.fingerprint)


def test_the_record_keeps_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "top-secret-value")
    artifact = Store(tmp_path).build(want("a"), writes("abc"))
    assert "top-secret-value" not in (artifact.folder / "record.json").read_text()


def test_links_are_refused(tmp_path: Path) -> None:
    def links(out: Path) -> Ledger:
        (out / "link").symlink_to(tmp_path)
        return Ledger()

    with pytest.raises(AssertionError, match="is a link"):
        Store(tmp_path).build(want("a"), links)
    assert list(Store(tmp_path).artifacts()) == []


def test_what_is_wanted_with_unbuilt_parents_has_its_identity_already(tmp_path: Path) -> None:
    store, ore = Store(tmp_path), want("ore", stage="ores", size=1)
    planned = Wanted(stage="toys", label="a", version=1, literals={}, parents=(ore,))
    assert planned.fingerprint == want("b", store.build(ore, writes("x"))).fingerprint
    with pytest.raises(AssertionError, match="not built yet"):
        store.build(planned, never)
