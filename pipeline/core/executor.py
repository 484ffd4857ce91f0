"""Where a datatrove pipeline runs: in processes on this machine, or as Slurm jobs. The machine's business, no identity.

The same steps over the same tasks leave the same files either way. Tasks that are done are marked in the scratch
folder, so that a run that was killed carries on with those that are not.
"""

import os
import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partialmethod
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.errors import UserError

_POLL_SECONDS = 10.0
_OF_A_JOB = re.compile("(SLURM|SLURMD|SRUN)_(?!CONF$|JWT$)")


class Executor(Config):
    """`kind: local` starts processes here; `kind: slurm` submits job arrays with sbatch, and waits for them."""

    kind: Literal["local", "slurm"] = "local"
    workers: int = Field(default=1, ge=1)
    """Tasks at the same time; on Slurm, of one array."""
    tasks: int = Field(default=0, ge=0)
    """Parts that a corpus is cut into; 0: as many as workers."""
    partition: str = ""
    time: str = "24:00:00"
    qos: str = ""
    cpus_per_task: int = Field(default=1, ge=1)
    mem_per_cpu_gb: int = Field(default=4, ge=1)
    setup: str = ""
    """Shell lines that a Slurm job runs first, such as the activation of the environment."""
    sbatch: dict[str, str] = Field(default_factory=dict)
    """Further options of sbatch by their long names."""
    use_srun: bool = True
    """Whether a Slurm job starts its task with srun."""

    @model_validator(mode="after")
    def _knows_its_partition(self) -> Self:
        if self.kind == "slurm" and not self.partition:
            raise ValueError("executor.kind=slurm needs executor.partition; `sinfo` lists them")
        return self

    @property
    def num_tasks(self) -> int:
        """Parts that a corpus is cut into."""
        return self.tasks or self.workers


LOCAL = Executor()  # one process, this one


def run_pipeline(executor: Executor, steps: Sequence[Any], *, tasks: int, name: str, scratch: Path) -> None:
    """Run datatrove's steps over `tasks` ranks, all but those that are done already.

    name: of this pipeline within the scratch folder, which lies where every job sees it.
    Raises UserError where Slurm is asked for and not there, and for jobs that ended without finishing.
    """
    folder = (scratch / "done" / f"{name}-of-{tasks}").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with _quiet():
        if executor.kind == "local":
            _local(executor, steps, tasks, folder)
        else:
            _slurm(executor, steps, tasks, folder, name)


def _local(executor: Executor, steps: Sequence[Any], tasks: int, folder: Path) -> None:
    """One worker runs one rank after another in this process: datatrove's own loop starts a manager process even then,
    which outlives a kill -9 of its parent.
    """
    from datatrove.executor import LocalPipelineExecutor

    workers = min(executor.workers, tasks)
    job = LocalPipelineExecutor(list(steps), tasks=tasks, workers=workers, logging_dir=str(folder))
    if workers > 1:
        job.run()
        return
    for rank in job.get_incomplete_ranks(range(tasks)):
        job.pipeline = deepcopy(list(steps))
        job._run_for_rank(rank)  # pyright: ignore[reportPrivateUsage] - what its own loop calls


def _slurm(executor: Executor, steps: Sequence[Any], tasks: int, folder: Path, name: str) -> None:
    from datatrove.executor import SlurmPipelineExecutor

    job = SlurmPipelineExecutor(
        list(steps),
        tasks=tasks,
        time=executor.time,
        partition=executor.partition,
        cpus_per_task=executor.cpus_per_task,
        mem_per_cpu_gb=executor.mem_per_cpu_gb,
        workers=executor.workers,
        job_name=f"frontload-{name}",
        qos=executor.qos,
        env_command=executor.setup,
        sbatch_args=dict(executor.sbatch),
        logging_dir=str(folder),
        with_srun=executor.use_srun,
        tasks_per_job=-(-tasks // executor.workers),  # a job starts slower than most tasks take
    )
    try:
        with outside_of_slurm():
            job.launch_job()  # not `run`: inside the job of a sweep that would take itself for one of its own tasks
    except FileNotFoundError as error:
        raise UserError(f"executor.kind=slurm: {error.filename} is not on this machine; give kind=local") from error
    _wait(lambda: len(job.get_incomplete_ranks()), lambda: _is_queued(job.job_id), folder)


@contextmanager
def outside_of_slurm() -> Generator[None]:
    """Hide from sbatch what Slurm has told the job that we are in: it hands that on to the new one, where srun refuses
    to start with two kinds of memory limits, and takes our cores for its own.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _OF_A_JOB.match(name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _wait(num_left: Callable[[], int], is_queued: Callable[[], bool], folder: Path) -> None:
    """Until no task is left. Raises UserError once the jobs are gone and tasks are left all the same."""
    while num_left():
        if not is_queued() and num_left():
            raise UserError(
                f"{num_left()} Slurm tasks ended unfinished; see {folder}/slurm_logs, then run the line again"
            )
        time.sleep(_POLL_SECONDS)


def _is_queued(job: Any) -> bool:
    import subprocess

    asked = ["squeue", "--noheader", "--job", str(job)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - a number
    return bool(answer.stdout.strip())


@contextmanager
def _quiet() -> Generator[None]:
    """Keep datatrove's log off the terminal, where the study shows its progress; errors are raised all the same."""
    from loguru import logger
    from tqdm.std import tqdm

    begin: Any = tqdm.__init__
    setattr(tqdm, "__init__", partialmethod(begin, disable=True))  # noqa: B010 - its type is too narrow
    logger.disable("datatrove")
    try:
        yield
    finally:
        logger.enable("datatrove")
        setattr(tqdm, "__init__", begin)  # noqa: B010
