"""What `ls`, `gc` and the plan print: a tree of arms, what nobody needs, what is shared."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from pipeline.core.ledger import Ledger
from pipeline.core.lock import lock
from pipeline.core.store import Store, Wanted
from pipeline.study import listing
from pipeline.study.config.explain import unknown_group
from pipeline.study.listing import show_store
from pipeline.study.results.results import settings
from pipeline.study.run.building import build
from pipeline.study.run.runner import Runner


def make(store, stage, label, *parents, text="x", flops=0.0):
    wanted = Wanted(stage=stage, label=label, version=1, literals={"of": label}, parents=parents)

    def write(out):
        (out / "text").write_text(text)
        return Ledger(flops=flops)

    return store.build(wanted, write, force=text != "x")


def shown(store):
    heard = io.StringIO()
    show_store(store, Console(file=heard, width=250))
    return [line.rstrip() for line in heard.getvalue().splitlines()]


def state(lines, name):
    """What the row of a name ends in."""
    (line,) = (line for line in lines if line.strip().startswith(f"{name}  "))
    return line.split("  ")[-1].strip()


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "runs")
    mix = make(store, "mix", "trunk-base")
    trunk = make(store, "pretrain", "trunk-base-s0", mix, flops=3e9)
    branch = make(store, "pretrain", "branch-ldq-s0", trunk, mix)
    make(store, "eval", "ldq-s0", branch)
    sft = make(store, "sft", "ldq > shq-s0", branch)
    make(store, "eval", "ldq > shq-s0", sft)
    return store


def test_arms_stand_below_the_checkpoints_they_branch_from(store):
    names = [line.partition("  ")[0] if not line.startswith("  ") else line for line in shown(store)[1:7]]
    depths = [len(line) - len(line.lstrip()) for line in shown(store)[1:7]]
    assert depths == [1, 1, 3, 5, 5, 7], names
    assert shown(store)[2].split()[-2:] == ["3.0e+09", "ok"]
    assert shown(store)[-1].startswith("6 artifacts, 0.0 MB, ")


def test_stale_older_and_damaged_ones_say_so(store):
    (trunk,) = store.artifacts("mix")
    again = make(store, "mix", "trunk-base", text="other")
    states = [line.split("  ")[-1].strip() for line in shown(store)]
    assert f"older attempt of {again.folder.name}" in states and states.count("stale") == 5
    (trunk.folder / "text").unlink()
    assert any("damaged: " in line and str(trunk.folder / "text") in line for line in shown(store))


def test_a_clock_that_was_set_back_makes_things_no_younger_than_new(store, monkeypatch):
    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) - timedelta(days=1)

    monkeypatch.setattr(listing, "datetime", Yesterday)
    assert all("ahead of this clock" in line for line in shown(store)[1:7])


def test_unfinished_work_and_records_of_another_version_are_listed(store):
    (store.root / "sft" / ".work-0123456789ab-0").mkdir()
    assert any("is gone; the same line carries on" in line for line in shown(store))
    with lock(store.root / ".locks" / "sft-0123456789ab.lock"):
        assert any("its process is at work" in line for line in shown(store))
    (artifact,) = store.artifacts("mix")
    (artifact.folder / "record.json").write_text("{}")
    assert any(line.startswith("not readable: ") and "has schema None" in line for line in shown(store))


def test_what_was_made_from_a_damaged_one_is_sound_and_says_from_what(store):
    (mix,) = store.artifacts("mix")
    trunk, branch = sorted(store.artifacts("pretrain"), key=lambda each: each.label, reverse=True)
    (mix.folder / "record.json").write_text("{")
    (branch.folder / "text").unlink()
    lines = shown(store)
    mixed = f"mix {mix.label} ({mix.fingerprint[:12]}), which is not readable"
    assert state(lines, f"mix {mix.folder.name}") == "not readable"
    assert state(lines, f"pretrain {trunk.label}") == f"ok; made from {mixed}"
    assert state(lines, f"pretrain {branch.label}") == "damaged"
    after = f"ok; made from pretrain {branch.label} ({branch.fingerprint[:12]}), which is damaged; made from {mixed}"
    assert state(lines, "sft ldq > shq-s0") == state(lines, "eval ldq > shq-s0") == after
    assert f"damaged: {branch.folder / 'text'}: missing; " in "\n".join(lines)
    assert lines[-1].startswith("6 artifacts (2 not to be used), ")


def test_a_damaged_one_that_is_there_again_is_no_note_on_what_was_made_from_it(store):
    (mix,) = store.artifacts("mix")
    (mix.folder / "text").unlink()
    again = Wanted(stage="mix", label=mix.label, version=1, literals={"of": mix.label})
    store.build(again, lambda out: (out / "text").write_text("x") and Ledger(), force=True)
    states = [line.split("  ")[-1].strip() for line in shown(store)[1:8]]
    assert states.count("ok") == 6 and states.count("damaged") == 1


def test_the_plan_counts_what_arms_share_once_and_comes_before_anything(runs, monkeypatch):
    monkeypatch.setattr(Runner, "build", lambda *_, **__: [])
    heard = io.StringIO()
    arms = [runs.arm("stage=mix", f"pretrain_mix={mix}") for mix in ("none", "ldq")]
    build(arms, Console(file=heard, width=200))
    lines = [line.split() for line in heard.getvalue().splitlines()]
    assert lines[0] == ["stage", "stages", "done", "to", "build", "shared", "by", "arms", "work", "left"]
    by_name = {line[0]: line for line in lines}
    assert by_name["curate"][1:5] == ["3", "0", "3", "2"] and by_name["mix"][1:5] == ["4", "0", "4", "2"]
    assert ["none", ">", "shq", "0", "0", "10", "1", "mix"] in lines
    assert ["ldq", ">", "shq", "0", "0", "13", "4", "sources,", "curate,", "tokenize,", "mix"] in lines
    assert "2 arms, 14 stages (shared ones counted once): 0 done already, 14 to build" in heard.getvalue()


def test_arms_of_one_name_are_told_apart_by_what_they_set(runs, monkeypatch):
    monkeypatch.setattr(Runner, "build", lambda *_, **__: [])
    heard = io.StringIO()
    arms = [runs.arm(*each) for each in (["sft.optimizer.lr=0.1"], ["sft.optimizer.lr=0.2"], ["pretrain_mix=none"])]
    build(arms, Console(file=heard, width=200))
    names = [line.split("  ")[0].strip() for line in heard.getvalue().splitlines()]
    (first,) = (name for name in names if name.endswith("[sft.optimizer.lr=0.1]"))
    assert first.replace("0.1", "0.2") in names and "none > shq" in names


def test_the_machines_business_is_no_setting_of_an_arm():
    point = ("pretrain_mix=ldq", "seed=1", "results=x", "+executor.kind=slurm", "ranks=2", "pretrain_mix.cap=2")
    assert settings((*point, "sft.passes=2", "store=y")) == {"pretrain_mix.cap": "2", "sft.passes": "2"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("pretrain_mx", "did you mean 'pretrain_mix'?"), ("sed", "did you mean 'seed'?"), ("q", "--help")],
)
def test_a_mistyped_group_or_key_is_told_the_nearest(name, hint):
    assert hint in unknown_group(name)
