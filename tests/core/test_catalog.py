"""What is stale, what is needed and why something would run: a family of four artifacts."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.ledger import Ledger
from pipeline.core.store import Artifact, Store, Wanted


def want(stage: str, *parents: Artifact | Wanted, version: int = 1, label: str = "x", **literals: object) -> Wanted:
    return Wanted(stage=stage, label=label, version=version, literals=literals, parents=parents)


def writes(text: str) -> Callable[[Path], Ledger]:
    def make(out: Path) -> Ledger:
        (out / "text").write_text(text)
        return Ledger()

    return make


def family(store: Store) -> list[Artifact]:
    """corpus -> mix -> model -> eval."""
    corpus = store.build(want("corpus"), writes("c"))
    mix = store.build(want("mix", corpus), writes("m"))
    model = store.build(want("model", mix, lr=0.1), writes("w"))
    return [corpus, mix, model, store.build(want("eval", model), writes("e"))]


def test_a_forced_parent_with_equal_content_makes_nothing_stale(tmp_path: Path) -> None:
    store = Store(tmp_path)
    members = family(store)
    assert store.build(want("corpus"), writes("c"), force=True).record.attempt == 2
    assert [store.staleness(member) for member in members] == [[], [], [], []]


def test_a_forced_parent_with_other_content_makes_all_that_follows_stale(tmp_path: Path) -> None:
    store = Store(tmp_path)
    corpus, mix, model, evaluation = family(store)
    store.build(want("corpus"), writes("other"), force=True)
    assert not store.is_stale(corpus)
    shown = {member.stage: f"{member.stage} x ({member.fingerprint[:12]})" for member in (corpus, mix, model)}
    reason = (
        f"made from {shown['corpus']}, which has other content in its newest attempt x-{corpus.fingerprint[:12]}-r2"
    )
    assert store.staleness(mix) == [reason]
    assert store.staleness(model) == [f"{shown['mix']} is stale: {reason}"]
    assert store.staleness(evaluation) == [f"{shown['model']} is stale: {shown['mix']} is stale: {reason}"]


def test_a_child_built_anew_from_the_new_parent_is_fresh_and_so_is_all_that_had_its_content(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _, mix, model, _ = family(store)
    corpus = store.build(want("corpus"), writes("other"), force=True)
    again = store.build(want("mix", corpus), writes("m"))  # other corpus, equal mix
    assert not store.is_stale(again)
    assert store.is_stale(mix)
    assert not store.is_stale(model)


def test_a_parent_that_is_gone_makes_nothing_stale(tmp_path: Path) -> None:
    store = Store(tmp_path)
    corpus, mix, *_ = family(store)
    store.remove([corpus.folder])
    assert store.staleness(mix) == []


def test_the_newest_attempt_is_told_by_its_number_not_by_a_clock(tmp_path: Path) -> None:
    store = Store(tmp_path)
    attempts = [store.build(want("corpus"), writes(str(n)), force=n > 0) for n in range(11)]
    for n, attempt in enumerate(attempts):  # the wall clock jumped back each time
        os.utime(attempt.folder / "record.json", (10**9 - n, 10**9 - n))
        os.utime(attempt.folder, (10**9 - n, 10**9 - n))
    newest = store.find("corpus", attempts[0].fingerprint)
    assert newest == attempts[-1]
    assert newest.record.attempt == 11


def test_garbage_is_what_no_kept_artifact_was_made_from(tmp_path: Path) -> None:
    store = Store(tmp_path)
    corpus, mix, model, evaluation = family(store)
    other = store.build(want("model", mix, lr=0.2), writes("w2"))
    newer = store.build(want("mix", corpus), writes("m2"), force=True)
    with pytest.raises(KeyboardInterrupt):
        store.build(want("model", mix, lr=0.3), _interrupted)
    (dead,) = (folder for folder in (tmp_path / "model").iterdir() if folder.name.startswith(".work-"))
    assert store.reachable([evaluation]) == {corpus, mix, newer, model, evaluation}
    assert set(store.garbage([evaluation])) == {other.folder, dead}
    assert set(store.garbage([other])) == {model.folder, evaluation.folder, dead}
    assert len(store.garbage([])) == 7
    assert set(store.remove(store.garbage([evaluation]))) == {other.folder, dead}
    assert set(store.artifacts()) == {corpus, mix, newer, model, evaluation}
    assert store.garbage([evaluation]) == []


def _interrupted(out: Path) -> Ledger:
    raise KeyboardInterrupt


def test_only_folders_of_the_store_are_removed(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    family(store)
    (tmp_path / "runs" / "pages" / "mine").mkdir(parents=True)
    assert "mine" not in [folder.name for folder in store.garbage([])]
    for folder in (tmp_path / "runs" / "pages" / "mine", tmp_path, tmp_path / "elsewhere" / "x-0123456789ab"):
        with pytest.raises(AssertionError, match="is no"):
            store.remove([folder])


def test_a_folder_that_is_being_built_is_not_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    outcomes: list[list[Path]] = []

    def make(out: Path) -> Ledger:
        outcomes.append(store.garbage([]))
        outcomes.append(store.remove([out]))
        return writes("c")(out)

    store.build(want("corpus"), make)
    assert outcomes == [[], []]


def test_an_empty_store_answers_every_question(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere")
    assert store.stages() == []
    assert list(store.artifacts()) == []
    assert store.garbage([]) == []
    wanted = want("mix")
    assert store.explain(wanted) == [
        "not there",
        "nothing of the stage mix is there",
    ]
    assert not (tmp_path / "nowhere").exists()


def test_explain_says_that_it_is_there_or_whose_content_moved(tmp_path: Path) -> None:
    store = Store(tmp_path)
    corpus, mix, *_ = family(store)
    place = f"mix/x-{mix.fingerprint[:12]}"
    assert store.explain(want("mix", corpus)) == [f"{place} is there: nothing to do"]
    other = store.build(want("corpus"), writes("other"), force=True)
    assert store.explain(want("mix", other)) == [
        f"{place} is there, but its parents have other content now:",
        f"corpus x ({corpus.fingerprint[:12]})",
    ]


def test_explain_waits_for_a_parent_that_is_to_be_built(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _, mix, *_ = family(store)
    assert store.explain(want("mix", want("corpus"))) == [
        f"mix/x-{mix.fingerprint[:12]} is there, and counts if what it is made from comes out the same"
    ]


def test_explain_names_what_differs_from_the_nearest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _, mix, model, _ = family(store)
    store.build(want("model", lr=0.5, width=64), writes("far"))
    planned = want("mix", want("corpus", size=2), label="planned")
    wanted = want("model", planned, version=2, lr=0.3)
    assert store.explain(wanted) == [
        "not there",
        f"the nearest is model/x-{model.fingerprint[:12]}; what is wanted differs from it in:",
        "lr: 0.1 -> 0.3",
        "version of the room: 1 -> 2",
        f"parent 1: mix x ({mix.fingerprint[:12]}) -> mix planned ({planned.fingerprint[:12]})",
    ]
