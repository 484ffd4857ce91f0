"""kill -9 at any instant: what ends in spite of it is bit for bit what an undisturbed run leaves."""

import subprocess
import sys
from pathlib import Path

from test_loop import contents

SCRIPT = Path(__file__).with_name("killed.py")


def everything(out: Path):
    """Weights, state, kept checkpoints and curve; the ledger; the spikes that were logged, each once."""
    remarks = out.with_suffix(".remarks").read_text().splitlines()
    return contents(out), out.with_suffix(".ledger").read_bytes(), list(dict.fromkeys(remarks))


def test_a_run_killed_again_and_again_ends_with_the_same_bits(training_world):
    folder = training_world.planned(budget=9000).folder
    command = [sys.executable, str(SCRIPT), str(folder), "1"]
    kills = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    assert kills >= 10
    files, ledger, spikes = whole = everything(folder / "whole")
    assert everything(folder / "killed") == whole
    assert len([name for name in files if name.startswith("at/") and name.endswith("position.json")]) == 3
    assert b'"loss_spikes":%d,' % len(spikes) in ledger
    assert len(spikes) > 3
