"""The W&B mirror: what a run is called, how it goes on after a kill, and that no key gets into anything."""

import json
import os

import pytest

from pipeline.core.ledger import Ledger
from pipeline.study.run import mirror
from pipeline.study.run.mirror import Mirror
from pipeline.study.run.tracker import RunTracker
from pipeline.study.run.wandb_run import RunIdentity
from pipeline.study.secrets import without_secrets

SECRET = "s3cret-0123456789abcdef"


def identity(**changes):
    fields = {
        "fingerprint": "f" * 24,
        "stage": "sft",
        "label": "ldq > 2x shq-s1",
        "group": "asymmetry",
        "config": {"lr": 1},
        "seed": 1,
        "parents": {"checkpoint": ("pretrain", "a" * 24)},
    }
    return RunIdentity(**(fields | changes))


class Run:
    """What the mirror tells W&B, written down."""

    def __init__(self):
        self.rows, self.summary, self.used, self.logged, self.codes = [], {}, [], [], []

    def log(self, values, step):
        self.rows.append((step, values))

    def use_artifact(self, artifact):
        self.used.append(artifact)

    def log_artifact(self, artifact):
        self.logged.append(artifact)

    def finish(self, exit_code):
        self.codes.append(exit_code)


@pytest.fixture
def wandb(monkeypatch):
    """W&B's `init` replaced at its own door: what it was asked, and a run that listens."""
    import wandb

    asked, run = {}, Run()

    def init(**options):
        asked.update(options)
        return run

    monkeypatch.setattr(wandb, "init", init)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return asked, run


def test_study_arm_and_stage_are_project_group_and_job_type(wandb, tmp_path):
    asked, _ = wandb
    Mirror(identity(), tmp_path, "offline")
    names = {name: asked[name] for name in ("project", "group", "job_type", "tags", "name", "id", "resume", "mode")}
    assert names == {
        "project": "frontload",
        "group": "ldq > 2x shq",
        "job_type": "sft",
        "tags": ("asymmetry", "sft", "seed 1"),
        "name": "sft/ldq > 2x shq-s1",
        "id": "f" * 16,
        "resume": None,
        "mode": "offline",
    }
    assert asked["config"] == {
        "lr": 1,
        "sweep": "asymmetry",
        "seed": 1,
        "parents": {"checkpoint": f"pretrain-{'a' * 16}"},
    }


def test_online_a_run_is_taken_up_again_by_its_id_and_names_what_it_was_made_from(wandb, tmp_path):
    asked, run = wandb
    Mirror(identity(), tmp_path, "online", [b'{"step":1,"loss":2.0}'])
    assert (asked["id"], asked["resume"], asked["mode"]) == ("f" * 16, "allow", "online")
    assert [(artifact.type, artifact.name) for artifact in run.used] == [("pretrain", f"pretrain-{'a' * 16}")]
    assert run.rows == []


def test_offline_a_run_that_goes_on_says_its_rows_again(wandb, tmp_path):
    _, run = wandb
    logs = tmp_path / "logs"
    left = logs / "wandb" / f"offline-run-20260101_000000-{'f' * 16}"
    left.mkdir(parents=True)
    past = [{"step": 1, "seconds": 0.5, "loss": 3.0}, {"step": 2, "seconds": 0.9, "remark": "spike"}]
    lines = "".join(json.dumps(row) + "\n" for row in past)
    (logs / "metrics.jsonl").write_text(lines + '{"step": 3, "lo')  # killed while it wrote
    tracker = RunTracker(identity(), logs, lambda _: None, "offline")
    tracker.log(4, {"loss": 2.0})
    tracker.close(failed=False)
    assert run.rows == [(1, {"seconds": 0.5, "loss": 3.0}), (2, {"seconds": 0.9}), (4, {"loss": 2.0})]
    assert not left.exists()
    assert run.codes == [0]


def test_a_forced_attempt_has_an_id_of_its_own_and_keeps_it(wandb, tmp_path):
    asked, _ = wandb
    ids = []
    for _ in range(2):
        Mirror(identity(is_again=True), tmp_path, "offline")
        ids.append(asked["id"])
    assert ids[0] == ids[1]
    assert ids[0].startswith("f" * 16 + "-")


def test_ledger_is_the_summary_and_the_artifact_carries_it(wandb, tmp_path):
    _, run = wandb
    Mirror(identity(), tmp_path, "offline").summarise(Ledger(input_tokens=7))
    assert run.summary["ledger"]["input_tokens"] == 7
    (artifact,) = run.logged
    assert (artifact.type, artifact.name) == ("sft", f"sft-{'f' * 16}")
    assert artifact.metadata["ledger"]["input_tokens"] == 7
    assert artifact.manifest.entries == {}


def test_off_means_off(wandb, tmp_path):
    asked, run = wandb
    quiet = Mirror(identity(), tmp_path, "off")
    quiet.log(1, {"loss": 1.0})
    quiet.summarise(Ledger())
    quiet.finish(failed=False)
    assert (asked, run.rows, run.logged, run.codes) == ({}, [], [], [])


@pytest.mark.parametrize("part", ["log", "log_artifact", "finish"])
def test_what_breaks_is_said_once_without_the_key_and_breaks_nothing(wandb, tmp_path, monkeypatch, caplog, part):
    monkeypatch.setenv("WANDB_API_KEY", SECRET)
    _, run = wandb

    def broken(*_, **__):
        raise RuntimeError(f"denied for {SECRET}\nand more")

    monkeypatch.setattr(run, part, broken)
    tracker = RunTracker(identity(), tmp_path / "logs", lambda _: None, "online")
    tracker.log(1, {"loss": 1.0})
    tracker.log(2, {"loss": 1.0})
    tracker.summarise(Ledger())
    tracker.close(failed=False)
    assert [record.getMessage() for record in caplog.records] == [
        "W&B is not mirrored (tracking=off turns it off): denied for ***"
    ]
    assert len((tmp_path / "logs/metrics.jsonl").read_bytes().splitlines()) == 2


def test_a_real_offline_run_holds_rows_and_no_key(tmp_path, monkeypatch):
    import wandb

    for name in ("WANDB_API_KEY", "HF_TOKEN", "MY_PASSWORD"):
        monkeypatch.setenv(name, SECRET)
    tracker = RunTracker(identity(), tmp_path / "logs", lambda _: None, "offline")
    tracker.log(1, {"loss": 1.5})
    tracker.summarise(Ledger(input_tokens=7))
    tracker.close(failed=False)
    wandb.teardown()  # its service writes the last rows after `finish` has returned
    (written,) = tmp_path.glob("logs/wandb/offline-run-*/*.wandb")
    held = written.read_bytes()
    assert b"asymmetry" in held and f"sft-{'f' * 16}".encode() in held
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_a_run_that_was_killed_goes_on_offline_as_one_run_with_all_its_rows(tmp_path):
    import wandb

    for rows, is_killed in ((((1, 3.125), (2, 2.625)), True), (((3, 2.375),), False)):
        tracker = RunTracker(identity(), tmp_path / "logs", lambda _: None, "offline")
        for step, loss in rows:
            tracker.log(step, {"loss": loss})
        if not is_killed:
            tracker.close(failed=False)
        wandb.teardown()
    (written,) = tmp_path.glob(f"logs/wandb/offline-run-*-{'f' * 16}/*.wandb")
    held = written.read_bytes()
    assert all(loss in held for loss in (b"3.125", b"2.625", b"2.375"))


def test_secrets_are_told_by_their_names(monkeypatch):
    for name in [name for name in os.environ if mirror and any(part in name for part in ("KEY", "TOKEN"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOME_TOKEN", "abcdefghij")
    monkeypatch.setenv("API_KEY", "abcdefghijkl")
    monkeypatch.setenv("SHORT_KEY", "off")
    monkeypatch.setenv("COLOUR", "vermilion")
    assert without_secrets("off abcdefghijkl vermilion abcdefghij") == "off *** vermilion ***"
