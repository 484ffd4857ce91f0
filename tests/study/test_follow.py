"""Several ranks through the door."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from miniature import MINI

from pipeline.core.artifact import Artifact
from pipeline.core.errors import UserError
from pipeline.study.config.schema import Context
from pipeline.study.run.runner import Runner

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def trained(root):
    """Training artifacts by what people call them and how they were trained."""
    artifacts = [Artifact.open(path.parent) for path in root.glob("*/*/record.json")]
    return {
        (each.label, each.record.literals["config"]["training"].get("parallel", "none")): each
        for each in artifacts
        if each.stage in ("pretrain", "sft")
    }


def test_ranks_leave_one_record_of_what_they_trained_and_one_line_of_what_one_of_them_could_not(built, tmp_path):
    shutil.copytree(built.root, tmp_path / "runs")
    script = Path(__file__).with_name("failing_rank.py")
    line = [*TORCHRUN, str(script), *MINI, "store=runs", "stage=sft", "training.parallel=ddp"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False)
    found, alone = trained(tmp_path / "runs"), trained(built.root)
    assert found.keys() - alone.keys() == {("trunk-base-s0", "ddp"), ("branch-ldq-s0", "ddp")}, ran.stderr
    for label in ("trunk-base-s0", "branch-ldq-s0"):
        ours, theirs = found[label, "ddp"], found[label, "none"]
        assert (ours.record.provenance.num_ranks, theirs.record.provenance.num_ranks) == (2, 1)
        assert ours.record.ledger == theirs.record.ledger
        curves = [pq.read_table(each.folder / "curve.parquet").to_pydict() for each in (ours, theirs)]
        assert curves[0]["loss"] == pytest.approx(curves[1]["loss"], abs=1e-5)
        logged = [orjson.loads(row) for row in (ours.folder / "logs" / "metrics.jsonl").read_bytes().splitlines()]
        assert [row["step"] for row in logged] == curves[0]["step"]  # one rank wrote
    complaints = [said for said in ran.stderr.splitlines() if said.startswith("frontload: ")]
    assert len(complaints) == 1 and "rank 1: RuntimeError: out of luck" in complaints[0]
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("environment", "overrides", "complaint"),
    [
        (
            {"WORLD_SIZE": "16"},
            ["training.parallel=ddp"],
            r"16 ranks are more than the rows .*batch_rows=8.* at most 8",
        ),
        ({"WORLD_SIZE": "2"}, ["training.parallel=fsdp", "sft.training.batch_rows=3"], "batch_rows=3 is no multiple"),
        ({"WORLD_SIZE": "2"}, [], "2 ranks were started and training.parallel=none"),
        ({"ACCELERATE_USE_FSDP": "true"}, [], "ACCELERATE_USE_FSDP=true .*give training.parallel=fsdp"),
    ],
)
def test_ranks_that_cannot_train_are_refused_before_anything_is_computed(
    runs, monkeypatch, environment, overrides, complaint
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=complaint):
        runs.build(*overrides)
    assert not runs.root.exists()


def test_ranks_take_the_place_of_workers(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert Runner(context=Context(workers=4), group="single").num_workers == 1
