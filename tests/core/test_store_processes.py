"""Several real processes want the same artifact; some are killed or put to sleep in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from builder_process import WANTED

from pipeline.core.ledger import Ledger
from pipeline.core.store import Store

SCRIPT = Path(__file__).with_name("builder_process.py")
NAME = f"toy-{WANTED.fingerprint[:12]}"
PATIENCE = 1.2  # seconds; a loaded machine must not stop a living heart for so long


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder / "runs"), "--calls", str(folder / "calls"), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def calls(folder: Path) -> list[int]:
    file = folder / "calls"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def built(folder: Path, *processes: subprocess.Popen[str]) -> list[str]:
    names = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return names


def make_here(out: Path) -> Ledger:
    (out / "half").write_text("done before the gate")
    (out / "toy.txt").write_text("abc")
    return Ledger(documents=3)


@pytest.mark.parametrize(("kind", "num_processes"), [("kernel", 8), ("lease", 3)])
def test_processes_that_want_the_same_artifact_build_it_once(tmp_path: Path, kind: str, num_processes: int) -> None:
    processes = [start(tmp_path, "--kind", kind, "--patience", "5") for _ in range(num_processes)]
    assert built(tmp_path, *processes) == [NAME] * num_processes
    assert len(calls(tmp_path)) == 1
    assert [folder.name for folder in (tmp_path / "runs/toys").iterdir()] == [NAME]


def test_forced_builds_of_two_processes_make_two_attempts_one_after_the_other(tmp_path: Path) -> None:
    processes = [start(tmp_path, "--force") for _ in range(2)]
    assert sorted(built(tmp_path, *processes)) == [NAME, f"{NAME}-r2"]


def test_a_killed_build_leaves_nothing_that_looks_finished_and_the_next_one_works(tmp_path: Path) -> None:
    killed = start(tmp_path, "--gate", str(tmp_path / "never"))
    until(lambda: len(calls(tmp_path)) == 1)
    store = Store(tmp_path / "runs")
    assert store.garbage([]) == []  # somebody is at it
    killed.kill()
    killed.wait()
    assert store.find("toys", WANTED.fingerprint) is None
    assert list(store.artifacts()) == []
    (dead,) = store.garbage([])
    assert dead.name.startswith(".work-")

    artifact = store.build(WANTED, make_here)
    assert artifact.folder.name == NAME
    assert artifact.record.attempt == 1
    assert [folder.name for folder in artifact.folder.parent.iterdir()] == [NAME]


def test_a_resumable_build_finds_what_a_killed_one_left(tmp_path: Path) -> None:
    killed = start(tmp_path, "--resumable", "--gate", str(tmp_path / "never"))
    until(lambda: len(calls(tmp_path)) == 1)
    killed.kill()
    killed.wait()
    found: list[str] = []

    def make(out: Path) -> Ledger:
        found.append((out / "half").read_text())
        return make_here(out)

    artifact = Store(tmp_path / "runs").build(WANTED, make, resumable=True)
    assert found == ["done before the gate"]
    assert sorted(path.name for path in artifact.folder.iterdir()) == ["half", "record.json", "toy.txt"]


def test_who_waits_for_a_killed_owner_is_told_so_and_then_builds(tmp_path: Path) -> None:
    killed = start(tmp_path, "--gate", str(tmp_path / "never"))
    until(lambda: len(calls(tmp_path)) == 1)
    # The callback comes when the lock was found held: only then the owner dies.
    artifact = Store(tmp_path / "runs").build(WANTED, make_here, waiting=killed.kill)
    killed.wait()
    assert killed.returncode == -signal.SIGKILL
    assert artifact.folder.name == NAME


def test_a_killed_owners_lease_is_taken_over(tmp_path: Path) -> None:
    options = ("--kind", "lease", "--patience", str(PATIENCE))
    killed = start(tmp_path, *options, "--gate", str(tmp_path / "never"))
    until(lambda: len(calls(tmp_path)) == 1)
    killed.kill()
    killed.wait()
    assert built(tmp_path, start(tmp_path, *options)) == [NAME]
    assert len(calls(tmp_path)) == 2


@pytest.mark.parametrize("resumable", [(), ("--resumable",)])
def test_an_owner_that_slept_through_the_loss_of_its_lease_discards_its_work(
    tmp_path: Path, resumable: tuple[str, ...]
) -> None:
    options = ("--kind", "lease", "--patience", str(PATIENCE), *resumable)
    gate = tmp_path / "gate"
    sleeper = start(tmp_path, *options, "--gate", str(gate))
    until(lambda: len(calls(tmp_path)) == 1)
    os.kill(sleeper.pid, signal.SIGSTOP)
    assert built(tmp_path, start(tmp_path, *options)) == [NAME]
    gate.touch()
    os.kill(sleeper.pid, signal.SIGCONT)
    assert built(tmp_path, sleeper) == [NAME]  # the other one's
    assert len(calls(tmp_path)) == 2  # the work was done twice, and is there once
    assert [folder.name for folder in (tmp_path / "runs/toys").iterdir()] == [NAME]


def test_an_owner_that_wakes_while_the_thief_builds_waits_for_the_thief(tmp_path: Path) -> None:
    options = ("--kind", "lease", "--patience", str(PATIENCE))
    gate, thieves_gate = tmp_path / "gate", tmp_path / "thieves_gate"
    sleeper = start(tmp_path, *options, "--gate", str(gate))
    until(lambda: len(calls(tmp_path)) == 1)
    os.kill(sleeper.pid, signal.SIGSTOP)
    thief = start(tmp_path, *options, "--gate", str(thieves_gate))
    until(lambda: len(calls(tmp_path)) == 2)
    gate.touch()
    os.kill(sleeper.pid, signal.SIGCONT)
    thieves_gate.touch()
    assert built(tmp_path, sleeper, thief) == [NAME, NAME]
    assert calls(tmp_path) == [sleeper.pid, thief.pid]
    assert Store(tmp_path / "runs").find("toys", WANTED.fingerprint).verify() == []
