"""What becomes of a job that Slurm refuses, loses or ends; its commands are stood in for by scripts."""

import io
from threading import Event

import pytest
from rich.console import Console
from submitit import SlurmJob

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.study.nodes import verbs
from pipeline.study.run import order
from pipeline.study.run.chosen import chosen_nodes
from pipeline.study.run.cluster import ClusterJobs
from pipeline.study.run.crew import Task
from pipeline.study.run.launch import Cluster
from pipeline.study.run.slurm_queue import GONE, QueueWatcher
from pipeline.study.run.submission import cause_of_end
from pipeline.study.run.survey import Survey, wanted

TRACE = """Traceback (most recent call last):
  File "order.py", line 1, in carry_out
----------------------------------------
ValueError: no such luck
"""


class StandIns:
    """Scripts under Slurm's names. `queue` is what squeue tells; `refuse` makes sbatch say no until it is undone."""

    def __init__(self, folder):
        self._queue, self._refusal, number = folder / "queue", folder / "refusal", folder / "number"
        self.queue("")
        number.write_text("0")
        for name, lines in {
            "srun": (),
            "scancel": (),
            "squeue": (f'test -e "{self._queue}" || exit 1', f'cat "{self._queue}"'),
            "sbatch": (
                f'if test -e "{self._refusal}"; then cat "{self._refusal}" >&2; exit 1; fi',
                f'number=$(($(cat "{number}") + 1)); echo $number >"{number}"; echo "Submitted batch job $number"',
            ),
        }.items():
            (folder / name).write_text("\n".join(["#!/bin/sh", *lines, ""]))
            (folder / name).chmod(0o755)

    def queue(self, text):
        """What squeue tells; None: it fails."""
        if text is None:
            self._queue.unlink()
        else:
            self._queue.write_text(text)

    def refuse(self, words):
        self._refusal.write_text(words)

    def admit(self):
        self._refusal.unlink()


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(SlurmJob, "watcher", QueueWatcher())
    monkeypatch.setattr(SlurmJob, "_results_timeout_s", 0)
    return StandIns(folder)


@pytest.fixture
def crew(slurm, runs):
    parameters = {"submitit_folder": str(runs.root / "jobs" / "%j"), "timeout_min": 5, "array_parallelism": 2}
    template = order.Order(nodes=(), context=runs.arm()[1].context, group="single")
    return ClusterJobs(Cluster("slurm", parameters), template, runs.store, num_workers=1)


def tasks_of(runs):
    return [Task((node,)) for node in chosen_nodes(runs.arm("stage=sources")[1])]


def hear(crew):
    SlurmJob.watcher.clear()  # ask at once
    return [(task, dict(outcomes)) for task, outcomes in crew.look(0, lambda _: None)]


def test_a_job_is_at_an_end_when_the_queue_says_so_and_not_before(slurm):
    watcher = QueueWatcher()
    for job in "12345":
        watcher.register_job(job)
    slurm.queue("1 RUNNING\n2 SUSPENDED\n3 CANCELLED\n4 PREEMPTED\n77 PENDING\n")
    assert [watcher.is_done(job, mode="force") for job in "12345"] == [False, False, True, True, True]
    assert (watcher.get_state("3"), watcher.get_state("5")) == ("CANCELLED", GONE)
    slurm.queue(None)  # the controller starts anew
    assert [watcher.is_done(job, mode="force") for job in "135"] == [False, True, True]


def test_a_job_that_died_is_named_with_the_first_stage_that_it_did_not_build(slurm, crew, runs):
    first, *others = chosen_nodes(runs.arm("stage=sources")[1])
    runs.store.build(wanted(first, {}), lambda _: Ledger())
    crew.give(whole := Task((first, *others)), Survey([]))
    slurm.queue("1 RUNNING\n")
    assert hear(crew) == []
    (log := runs.root / "jobs/1/1_0_log.err").write_text("srun: error: n1: task 0: Killed\nsrun: Terminated step\n")
    slurm.queue("1 OUT_OF_MEMORY\n")
    ((task, outcomes),) = hear(crew)
    assert task == whole and [*outcomes] == [others[0].fingerprint]
    assert (
        str(outcomes[others[0].fingerprint]) == f"job 1 (out of memory): srun: error: n1: task 0: Killed (log: {log})"
    )
    assert crew.room() == 2


def test_a_refusal_is_a_failure_only_where_none_of_our_jobs_is_in_the_queue(slurm, crew, runs):
    first, second, third = tasks_of(runs)
    slurm.refuse("sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed\n")
    crew.give(first, Survey([]))
    ((task, outcomes),) = hear(crew)
    assert task == first
    refused = r"Slurm refused the job: invalid partition specified: x; Batch job submission failed; change hydra\.laun"
    with pytest.raises(UserError, match=refused):
        raise outcomes[first.key]
    slurm.admit()
    crew.give(second, Survey([]))
    slurm.refuse("sbatch: error: QOSMaxSubmitJobPerUserLimit\n")
    slurm.queue("1 RUNNING\n")
    crew.give(third, Survey([]))
    assert hear(crew) == [] and crew.room() == 0  # it waits for one of ours to end
    slurm.admit()
    slurm.queue("")
    ((task, _),) = hear(crew)
    assert task == second and crew.room() == 1
    slurm.queue("2 RUNNING\n")
    assert hear(crew) == []  # and was submitted then


def test_nodes_with_one_gpu_each_train_together_too(slurm, runs):
    parameters = {"submitit_folder": str(runs.root / "jobs" / "%j"), "nodes": 2, "gpus_per_node": 1}
    _, arm = runs.arm("training.parallel=ddp", "training.batch_rows=8")
    crew = ClusterJobs(
        Cluster("slurm", parameters), order.Order(nodes=(), context=arm.context, group="single"), runs.store, 1
    )
    nodes = {node.stage: node for node in chosen_nodes(arm)}
    for stage in ("pretrain", "eval"):
        crew.give(Task((nodes[stage],)), Survey([]))
    together, alone = (SlurmJob(folder=runs.root / "jobs" / job, job_id=job).submission().function for job in "12")
    assert (together.ranks_per_node, alone.ranks_per_node) == (1, 0)  # under torchrun, and without


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        (f"Job (task=0) failed during processing with trace:\n{'-' * 22}\n{TRACE}\n{'-' * 22}\nYou can", TRACE[-25:-1]),
        (
            f"Job 1 has not\nError stream produced:\n{'-' * 40}\nslurmstepd: error: *** LIMIT ***\nend",
            "slurmstepd",
        ),
        ("Job 1 has not produced any output\nNo output/error stream produced ! Check: x", "No output/error stream"),
    ],
)
def test_the_cause_of_an_end_is_its_last_complaint(told, cause, slurm):
    assert f"job 1 (gone): {cause}" in cause_of_end(SlurmJob(folder="x", job_id="1"), RuntimeError(told))


def test_a_job_whose_time_is_up_says_so_whatever_a_library_made_of_it(runs, monkeypatch):
    def broken(*_):
        job.checkpoint()  # submitit's handler of the signal: asks for what is to be queued again, then raises
        raise ModuleNotFoundError("Could not import module 'PreTrainedModel'")

    monkeypatch.setattr(order, "_TIME_IS_UP", Event())
    monkeypatch.setattr(order, "Console", lambda **_: Console(file=io.StringIO()))
    monkeypatch.setitem(verbs.VERBS, "sources", broken)
    _, study = runs.arm("stage=sources")
    job = order.Order(nodes=tuple(chosen_nodes(study))[:1], context=study.context.absolute(), group="single")
    (complaint,) = job().values()
    assert isinstance(complaint, UserError)
    assert str(complaint).startswith("its job came to its time limit; give a longer hydra.launcher.timeout_min")
