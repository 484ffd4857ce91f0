"""Slurm without Slurm: what sbatch is given, and that its script does the tasks; a stand-in runs it on the spot."""

import os
import stat
import sys
from pathlib import Path

import pytest
from slurm_step import Touch

from pipeline.core.errors import UserError
from pipeline.core.executor import Executor, run_pipeline

SBATCH = """#!/bin/bash
env >{log}/../environment
script="${{@: -1}}"
cp "$script" "{log}/$(ls {log} | wc -l).sh"
grep -q merge_stats "$script" && echo "Submitted batch job 8" && exit
for task in {tasks}; do SLURM_NODELIST=here SLURM_ARRAY_TASK_ID=$task bash "$script" >>{log}/said.txt 2>&1; done
echo "Submitted batch job 7"
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Put stand-ins for Slurm in the way; returns a function that says which tasks of the array will be run."""
    log, programs = tmp_path / "log", tmp_path / "bin"
    log.mkdir()
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    def stand_in(tasks):
        sbatch = SBATCH.format(log=log, tasks=tasks)
        for name, content in {
            "sbatch": sbatch,
            "squeue": "#!/bin/bash\n",
            "scontrol": "#!/bin/bash\necho here\n",
        }.items():
            (programs / name).write_text(content)
            (programs / name).chmod(stat.S_IRWXU)
        return log

    return stand_in


def executor(**options):
    setup = f"export PATH={Path(sys.executable).parent}:$PATH PYTHONPATH={Path(__file__).parent}"
    told = {"workers": 2, "partition": "cpu", "setup": setup, "use_srun": False, **options}
    return Executor(kind="slurm", **told)


def test_every_task_is_done_by_the_array_that_sbatch_is_given(cluster, tmp_path, monkeypatch):
    log = cluster("0 1")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "5")  # as inside the job of a sweep
    asked = executor(
        time="02:00:00", qos="low", cpus_per_task=3, mem_per_cpu_gb=6, sbatch={"account": "study", "exclusive": ""}
    )
    run_pipeline(asked, [Touch(str(tmp_path))], tasks=3, name="sign", scratch=tmp_path / "scratch")
    assert {path.name for path in tmp_path.glob("*-of-3")} == {"0-of-3", "1-of-3", "2-of-3"}
    script = (log / "0.sh").read_text().splitlines()
    folder = tmp_path / "scratch" / "done" / "sign-of-3"
    assert script[0] == "#!/bin/bash"
    assert {line.removeprefix("#SBATCH --") for line in script if line.startswith("#SBATCH")} == {
        *("cpus-per-task=3", "mem-per-cpu=6G", "nodes=1", "partition=cpu", "job-name=frontload-sign", "time=02:00:00"),
        *("array=0-1%2", "qos=low", "account=study", "exclusive", "requeue"),  # three tasks, two to a job
        *(f"{stream}={folder}/slurm_logs/%A_%a.out" for stream in ("output", "error")),
    }
    assert asked.setup in script
    assert script[-1] == f"launch_pickled_pipeline {folder}/executor.pik"
    before = sorted(log.iterdir())
    run_pipeline(asked, [Touch(str(tmp_path))], tasks=3, name="sign", scratch=tmp_path / "scratch")
    assert sorted(log.iterdir()) == before  # all done: nothing is submitted


def test_tasks_that_end_unfinished_are_one_line(cluster, tmp_path):
    cluster("")
    with pytest.raises(UserError, match=r"2 Slurm tasks ended unfinished; see .*slurm_logs, then run the line again"):
        run_pipeline(executor(), [Touch(str(tmp_path))], tasks=2, name="sign", scratch=tmp_path)


def test_srun_starts_the_task_unless_told_otherwise(cluster, tmp_path):
    log = cluster("")
    with pytest.raises(UserError):
        run_pipeline(executor(use_srun=True), [Touch(str(tmp_path))], tasks=1, name="sign", scratch=tmp_path)
    last = (log / "0.sh").read_text().splitlines()[-1]
    assert last == f"srun  -l -n 1 launch_pickled_pipeline {tmp_path}/done/sign-of-1/executor.pik"


def test_a_job_is_not_told_of_the_job_that_submits_it(cluster, tmp_path, monkeypatch):
    cluster("0")
    inherited = {"SLURM_MEM_PER_NODE": "100", "SLURM_CPU_BIND": "mask_cpu:0x3", "SRUN_DEBUG": "3", "SLURM_CONF": "x"}
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    run_pipeline(executor(), [Touch(str(tmp_path))], tasks=1, name="sign", scratch=tmp_path)
    told = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines() if "=" in line)
    assert {name: told.get(name) for name in inherited} == {**dict.fromkeys(inherited), "SLURM_CONF": "x"}
    assert {name: os.environ[name] for name in inherited} == inherited


def test_a_machine_without_slurm_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"executor\.kind=slurm: sbatch is not on this machine; give kind=local"):
        run_pipeline(executor(), [Touch(str(tmp_path))], tasks=1, name="sign", scratch=tmp_path)
