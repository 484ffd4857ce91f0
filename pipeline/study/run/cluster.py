"""A crew of cluster jobs, submitted with submitit as soon as what they need is in the store: no node waits.

Nodes that the same arms share go into one job - their data into one without a GPU, what trains on several ranks into
one under torchrun, the rest into a third -, so there are few jobs, and each starts when its parents are built.
"""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from pipeline.core.errors import UserError
from pipeline.core.store import Store
from pipeline.lm.training.ranks import rows_of_rank
from pipeline.study.nodes.node import Node
from pipeline.study.run.crew import Crew, Outcomes, Task
from pipeline.study.run.job_kinds import kind_of, training_of
from pipeline.study.run.launch import Cluster
from pipeline.study.run.order import Order
from pipeline.study.run.survey import Survey
from pipeline.study.run.tracker import Progress, Sink
from pipeline.study.run.worker import StageFailedError

SECONDS_TO_APPEAR = 60.0  # until another machine sees what a job has written: network file systems take their time
_NOT_ITS_OWN = ("submitit_folder", "max_num_timeout")  # of the launcher's keys: for the executor's start
_BASE_KEYS = ("timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name",
              "stderr_to_stdout")  # fmt: skip


def check_cluster(todo: Sequence[Node], cluster: Cluster) -> None:
    """Raise UserError where submitit is missing, or a batch cannot be divided among the ranks of a job."""
    try:
        import submitit
    except ImportError:
        raise UserError(
            "a cluster launcher needs hydra-submitit-launcher; pip install hydra-submitit-launcher"
        ) from None
    if cluster.executor == "slurm" and submitit.AutoExecutor.which() != "slurm":
        raise UserError("there is no `srun` here; start the sweep where Slurm's commands are, or give another launcher")
    for node in todo:
        if kind_of(node, cluster) == "together":
            rows_of_rank(training_of(node), cluster.num_ranks)


class ClusterJobs(Crew):
    """Jobs in a queue and on its nodes."""

    def __init__(self, cluster: Cluster, template: Order, store: Store, num_workers: int) -> None:
        self._cluster = cluster
        self._template = template
        self._store = store
        self._most = cluster.num_at_once or num_workers
        self._jobs: dict[str, tuple[Task, Any]] = {}
        self._ended: dict[str, float] = {}
        self._told: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, job in self._jobs.values():
            job.cancel(check=False)

    def room(self) -> int:
        """Jobs that may still be submitted."""
        return self._most - len(self._jobs)

    def give(self, task: Task, survey: Survey) -> None:  # noqa: ARG002 - the job asks the store
        """Submit it."""
        kind = kind_of(task.nodes[0], self._cluster)
        forced = self._template.forced & {node.fingerprint for node in task.nodes}
        parameters = self._parameters(kind)
        workers = (parameters.get("cpus_per_task") or 1) if kind == "data" else 1
        order = Order(
            nodes=task.nodes,
            context=self._template.context.model_copy(update={"workers": workers}),
            group=self._template.group,
            forced=forced,
            ranks_per_node=self._cluster.ranks_per_node if kind == "together" else 1,
        )
        self._jobs[task.key] = task, _executor(self._cluster, parameters).submit(order)

    def look(self, seconds: float, sink: Sink) -> list[tuple[Task, Outcomes]]:
        """What has ended; what a job says of itself goes to the sink."""
        time.sleep(seconds)
        over: list[tuple[Task, Outcomes]] = []
        for key, (task, job) in list(self._jobs.items()):
            self._tell(task, job, sink)
            if job.done() and (outcomes := self._outcomes(task, job)) is not None:
                del self._jobs[key]
                over.append((task, outcomes))
        return over

    def _parameters(self, kind: str) -> Mapping[str, Any]:
        if kind == "together":
            return self._cluster.for_ranks()
        return self._cluster.for_data() if kind == "data" else self._cluster.for_one()

    def _tell(self, task: Task, job: Any, sink: Sink) -> None:
        state = f"job {job.job_id} {str(job.state).lower()}"
        if self._told.get(task.key) != state:
            self._told[task.key] = state
            for node in task.nodes:
                sink(Progress(node.fingerprint, 0, 1, "", state))

    def _outcomes(self, task: Task, job: Any) -> Outcomes | None:
        """What failed; None while what a job has built is not to be seen yet."""
        error = job.exception()
        if error is not None:
            return {task.key: StageFailedError(f"{_in_one_line(job, error)}")}
        complaints: Mapping[str, Exception] = {key: each for told in job.results() for key, each in told.items()}
        if complaints or all(self._store.find(node.stage, node.fingerprint) for node in task.nodes):
            return complaints
        if time.monotonic() - self._ended.setdefault(task.key, time.monotonic()) < SECONDS_TO_APPEAR:
            return None
        return {task.key: StageFailedError(f"job {job.job_id} ended well, and nothing of it is in {self._store.root}")}


def _executor(cluster: Cluster, parameters: Mapping[str, Any]) -> Any:
    """Submitit's, with the launcher's parameters under submitit's names, as its plugin for Hydra gives them."""
    from submitit import AutoExecutor

    start = {"slurm_max_num_timeout": parameters["max_num_timeout"]} if "max_num_timeout" in parameters else {}
    executor = AutoExecutor(folder=parameters["submitit_folder"], cluster=cluster.executor, **start)
    named = {
        key if key in _BASE_KEYS else f"{cluster.executor}_{key}": value
        for key, value in parameters.items()
        if key not in _NOT_ITS_OWN and value is not None
    }
    executor.update_parameters(**named)
    return executor


def _in_one_line(job: Any, error: BaseException) -> str:
    last = [line for line in str(error).splitlines() if line.strip()][-1:]
    return f"job {job.job_id} ({str(job.state).lower()}): {' '.join(last)[:300]} (log: {job.paths.stderr})"
