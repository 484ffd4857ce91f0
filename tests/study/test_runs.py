"""The runner and the store together: forced stages, stale ones, failures, kills, two at once."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from miniature import MINI, command, frontload, without
from rich.console import Console

from pipeline.core.artifact import Artifact
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.study.graph import arm_graph
from pipeline.study.nodes import verbs
from pipeline.study.questions import ls, why
from pipeline.study.run.chosen import command_for
from pipeline.study.run.survey import survey, wanted


def contents(root: Path):
    """The checksum of what each artifact holds, by fingerprint and attempt; not of pages, which tell the time taken."""
    artifacts = [Artifact.open(path.parent) for path in root.glob("*/*/record.json") if path.parts[-3] != "report"]
    return {(each.stage, each.fingerprint, each.record.attempt): each.content for each in artifacts}


def test_a_forced_stage_makes_one_new_attempt_and_equal_content_makes_nothing_stale(runs):
    assert runs.build("stage=eval") == []
    before = runs.folders()
    assert runs.build("stage=sft", "force=true") == []
    new = set(runs.folders()) - set(before)
    assert len(new) == 1 and next(iter(new)).endswith("-r2")
    assert len(set(contents(runs.root).values())) == len(before)  # the same weights again
    assert runs.build("stage=eval") == []
    assert "all 18 stages are done already" in runs.said
    assert not [artifact for artifact in runs.store.artifacts() if runs.store.is_stale(artifact)]


def test_other_content_is_shown_as_stale_and_what_comes_after_it_is_rebuilt(runs):
    assert runs.build() == []
    arm = runs.arm()
    node = arm_graph(arm[1])["mix:sft"]
    found = survey(arm_graph(arm[1]).values(), runs.store)
    old = found.done[node.fingerprint].folder

    def other_bytes(out):
        (out / "plan.json").write_bytes((old / "plan.json").read_bytes() + b"\n")
        return Ledger()

    runs.store.build(wanted(node, found.parents(node)), other_bytes, force=True)
    stale = {artifact.stage for artifact in runs.store.artifacts() if runs.store.is_stale(artifact)}
    assert stale == {"sft", "eval"}
    heard = io.StringIO()
    why([arm], Console(file=heard, width=200))
    assert "its parents have other content now" in heard.getvalue()
    ls([arm], Console(file=heard, width=200))
    assert heard.getvalue().count("stale") == 2
    before = set(runs.folders())
    assert runs.build() == []
    assert {name.rsplit("-", 1)[1] for name in set(runs.folders()) - before} == {"r2"}
    assert "2 to build" in runs.said or "1 to build" in runs.said


def test_a_failure_stops_only_what_needs_it_and_names_the_line_that_repeats_it(runs, monkeypatch):
    def broken(*_):
        raise RuntimeError("no such luck [/red]")

    monkeypatch.setitem(verbs.VERBS, "eval", broken)
    failures = runs.build()
    assert [failure.node.label for failure in failures] == ["ldq-s0", "ldq > shq-s0"]
    assert "RuntimeError: no such luck [/red] (stack: " in str(failures[0].error)
    assert runs.folders("sft")
    line = command_for(failures[0].node, [runs.arm()])
    assert line.startswith("frontload recipe=smoke ") and line.endswith(" stage=eval")


def test_what_needs_a_failed_stage_is_left_out(runs, monkeypatch):
    def broken(*_):
        raise UserError("give it another try")

    monkeypatch.setitem(verbs.VERBS, "pretrain", broken)
    failures = runs.build()
    assert [failure.node.label for failure in failures] == ["trunk-base-s0"]
    assert isinstance(failures[0].error, UserError)
    assert runs.folders("mix") and not runs.folders("sft") and not runs.folders("eval")


@pytest.mark.parametrize(
    ("more", "error", "code"), [((), "UserError('mend it')", 2), (("-m",), "RuntimeError('a bug')", 1)]
)
def test_the_exit_code_says_whose_failure_it_was(more, error, code, tmp_path):
    script = tmp_path / "broken.py"
    script.write_text(
        "import sys\nfrom pipeline.core.errors import UserError\n"
        "from pipeline.study import door\nfrom pipeline.study.nodes import verbs\n"
        f"def broken(*_):\n    raise {error}\n"
        "verbs.VERBS['sources'] = broken\ndoor.main()\n"
    )
    line = [command()[0], str(script), *more, *MINI, "workers=1", "store=runs"]
    ran = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == code, ran.stderr
    complaints = ran.stderr.splitlines()
    assert len(complaints) == 3 and all(each.startswith("frontload: sources ") for each in complaints)
    assert ran.stdout.count("again: frontload recipe=smoke") == 3


def kill_in(stage: str, folder: Path):
    """Start the miniature and kill its whole process group once a stage has begun to write; True if it was at it."""
    process = subprocess.Popen(
        command(*MINI, "workers=1", "store=runs"), cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not list(folder.glob(f"runs/{stage}/.work-*/restart*")):
        time.sleep(0.002)
    was_at_it = process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return was_at_it


def test_a_killed_run_carries_on_and_ends_with_the_same_bytes(tmp_path, built):
    assert kill_in("pretrain", tmp_path), "the run was too quick to be killed"
    left = list(tmp_path.glob("runs/pretrain/.work-*"))
    assert len(left) == 1 and not list(tmp_path.glob("runs/sft"))
    ran = frontload(*MINI, "workers=2", "store=runs", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert contents(tmp_path / "runs") == contents(built.root)
    assert not list(tmp_path.glob("runs/*/.work-*"))


def living(session: int):
    """Processes of a session that are not mere zombies."""
    states = (path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat"))
    return [fields for fields in states if int(fields[3]) == session and fields[0] != "Z"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc, and relies on Linux's signal at a parent's death")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_leaves_no_process_behind(number, code, tmp_path):
    process = subprocess.Popen(
        command(*MINI, "workers=2", "store=runs"),
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob("runs/tokenize/.work-*/train.ds*")):  # datatrove has forked a helper by then
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=30)  # ends once nobody holds the pipes any more
    assert process.returncode == code
    if number == signal.SIGINT:
        assert complaints == "frontload: interrupted; the same line carries on from here\n"
    deadline = time.monotonic() + 10  # the dying take a moment
    while living(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(process.pid) == []


def test_two_runs_at_once_build_each_stage_once(tmp_path, built):
    line = command(*MINI, "workers=1", "store=runs")
    pair = [subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=240) for process in pair] == [0, 0]
    assert contents(tmp_path / "runs") == contents(built.root)  # also: no second attempt


def test_offline_wandb_stays_in_the_logs_and_tells_no_key(tmp_path):
    key = "0123456789abcdef0123456789abcdef01234567"
    line = (*without("tracking"), "tracking=offline", "workers=1", "store=runs", "stage=mix")
    ran = frontload(*line, cwd=tmp_path, env={**os.environ, "WANDB_API_KEY": key})
    assert ran.returncode == 0 and ran.stderr == ""
    records = list(tmp_path.glob("runs/*/*/record.json"))
    for record in records:
        assert len(list(record.parent.glob("logs/wandb/offline-run-*/*.wandb"))) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(records) > 5 and not any(key.encode() in path.read_bytes() for path in files)
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}


def test_a_wandb_that_breaks_breaks_nothing(runs, monkeypatch, caplog):
    monkeypatch.setattr(
        "pipeline.study.run.mirror.start_run", lambda *_: (_ for _ in ()).throw(TypeError("no such thing"))
    )
    assert runs.build("stage=sources", "tracking=offline") == []
    assert "W&B is not mirrored (tracking=off turns it off): no such thing" in caplog.text


def test_metrics_are_in_the_stages_logs(built):
    (sft,) = built.root.glob("sft/*/logs/metrics.jsonl")
    rows = [orjson.loads(line) for line in sft.read_bytes().splitlines()]
    assert rows and {"step", "seconds", "loss", "tokens_per_second"} <= set(rows[-1])
