"""One job handed to a cluster through submitit, and why one ended that did not end well."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.core.errors import UserError
from pipeline.core.executor import outside_of_slurm
from pipeline.study.run.launch import Cluster
from pipeline.study.run.order import Order

_NOT_ITS_OWN = ("submitit_folder", "max_num_timeout")  # of the launcher's keys: for the executor's start
_BASE_KEYS = ("timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name",
              "stderr_to_stdout")  # fmt: skip
_STACK = re.compile(r"with trace:\n-+\n(.*)\n-+\n", re.DOTALL)  # of a job that raised something
_COMPLAINT = re.compile(r"error|killed|exception", re.IGNORECASE)


def submit(order: Order, cluster: Cluster, parameters: Mapping[str, Any]) -> Any:
    """The job, by submitit's name for it. Raises UserError, with Slurm's words, where it is refused."""
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        with outside_of_slurm():
            return _executor(cluster, parameters).submit(order)
    except (FailedJobError, FailedSubmissionError) as error:
        said = "; ".join(line.removeprefix("sbatch: error: ") for line in str(error).splitlines() if line.strip())
        raise UserError(
            f"Slurm refused the job: {said[:300]}; change hydra.launcher.* (`sinfo` lists partitions)"
        ) from error


def cause_of_end(job: Any, error: BaseException) -> str:
    """One line of what submitit tells: the job, its state, the last complaint in its log or its stack, and the log.

    Behind the complaint of a step that was killed Slurm says more than once that it is at an end.
    """
    stack = _STACK.search(str(error))
    told = [line.strip() for line in (stack[1] if stack else str(error)).splitlines() if line.strip()]
    complaint = next((line for line in reversed(told) if _COMPLAINT.search(line)), " ".join(told[-1:]))
    state = str(job.state).lower().replace("_", " ")
    return f"job {job.job_id} ({state}): {complaint[:300]} (log: {job.paths.stderr})"


def _executor(cluster: Cluster, parameters: Mapping[str, Any]) -> Any:
    """Submitit's, with the launcher's parameters under submitit's names, as its plugin for Hydra gives them."""
    from submitit import AutoExecutor, SlurmJob

    from pipeline.study.run.slurm_queue import QueueWatcher

    if not isinstance(SlurmJob.watcher, QueueWatcher):
        SlurmJob.watcher = QueueWatcher()
    start = {"slurm_max_num_timeout": parameters["max_num_timeout"]} if "max_num_timeout" in parameters else {}
    executor = AutoExecutor(folder=parameters["submitit_folder"], cluster=cluster.executor, **start)
    named = {
        key if key in _BASE_KEYS else f"{cluster.executor}_{key}": value
        for key, value in parameters.items()
        if key not in _NOT_ITS_OWN and value is not None
    }
    executor.update_parameters(**named)
    return executor
