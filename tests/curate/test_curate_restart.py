"""kill -9 anywhere in curation, then the same again: the same bytes, and what was done is not done twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_curate import FILES, SENTENCE, many_documents, text

from pipeline.core import document as document_module
from pipeline.core.document import write_documents

SCRIPT = Path(__file__).with_name("killed_curation.py")
ROOT = SCRIPT.parents[2]


def curation(folder, out, number=0):
    command = [sys.executable, str(SCRIPT), str(folder), str(out), str(number)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(document_module, "ROWS_PER_GROUP", 6)
    folder = tmp_path / "raw"
    folder.mkdir()
    write_documents(folder / "documents.parquet", many_documents(), has_metadata=True)
    write_documents(folder / "heldout.parquet", [text("h", SENTENCE)], has_metadata=True)
    return folder


def test_a_killed_curation_ends_with_the_same_bytes(tmp_path, folder):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert curation(folder, whole).returncode == 0
    for number in (14, 60, 20):  # opened files, so in the first part, and later
        assert curation(folder, killed, number).returncode == -signal.SIGKILL
    done = {path: path.stat().st_mtime_ns for path in killed.glob("restart/done/screen*/completions/*")}
    assert len(done) == 3
    ended = curation(folder, killed)
    assert ended.returncode == 0, ended.stderr
    assert {path: path.stat().st_mtime_ns for path in done} == done
    for file in FILES:
        assert (whole / file).read_bytes() == (killed / file).read_bytes(), file
