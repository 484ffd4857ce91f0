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
from pipeline.study.run.submission import cause_of_end, submit
from pipeline.study.run.survey import Survey
from pipeline.study.run.tracker import Progress, Sink
from pipeline.study.run.worker import StageFailedError

SECONDS_TO_APPEAR = 60.0  # until another machine sees what a job has written: network file systems take their time


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
        self._refused: list[Task] = []
        self._over: list[tuple[Task, Outcomes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, job in self._jobs.values():
            job.cancel(check=False)

    def room(self) -> int:
        """Jobs that may still be submitted; none while one is held back."""
        return 0 if self._refused else self._most - len(self._jobs)

    def give(self, task: Task, survey: Survey) -> None:  # noqa: ARG002 - the job asks the store
        """Submit it. One that is refused while others of ours are in the queue is tried again when one of them has
        ended: there may be a limit on how many a user has there.
        """
        parameters = self._parameters(kind_of(task.nodes[0], self._cluster))
        try:
            self._jobs[task.key] = task, submit(self._order(task, parameters), self._cluster, parameters)
        except UserError as error:
            if self._jobs:
                self._refused.append(task)
            else:
                self._over.append((task, {task.key: error}))

    def look(self, seconds: float, sink: Sink) -> list[tuple[Task, Outcomes]]:
        """What has ended; what a job says of itself goes to the sink."""
        time.sleep(seconds)
        over, self._over = self._over, []
        for key, (task, job) in list(self._jobs.items()):
            self._tell(task, job, sink)
            if job.done() and (outcomes := self._outcomes(task, job)) is not None:
                del self._jobs[key]
                over.append((task, outcomes))
        if over or not self._jobs:
            again, self._refused = self._refused, []
            for task in again:
                self.give(task, Survey([]))
        return over

    def _order(self, task: Task, parameters: Mapping[str, Any]) -> Order:
        kind = kind_of(task.nodes[0], self._cluster)
        workers = (parameters.get("cpus_per_task") or 1) if kind == "data" else 1
        return Order(
            nodes=task.nodes,
            context=self._template.context.model_copy(update={"workers": workers}),
            group=self._template.group,
            forced=self._template.forced & {node.fingerprint for node in task.nodes},
            ranks_per_node=self._cluster.ranks_per_node if kind == "together" else 0,
        )

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
            return {self._died_at(task).fingerprint: StageFailedError(cause_of_end(job, error))}
        complaints: Mapping[str, Exception] = {key: each for told in job.results() for key, each in told.items()}
        for stage in {node.stage for node in task.nodes}:
            self._store.look_afresh(stage)
        if complaints or all(self._store.find(node.stage, node.fingerprint) for node in task.nodes):
            return complaints
        if time.monotonic() - self._ended.setdefault(task.key, time.monotonic()) < SECONDS_TO_APPEAR:
            return None
        return {task.key: StageFailedError(f"job {job.job_id} ended well, and nothing of it is in {self._store.root}")}

    def _died_at(self, task: Task) -> Node:
        """The first of its nodes that is not in the store; the last where all are there, as those that are forced."""
        return next((node for node in task.nodes if not self._store.find(node.stage, node.fingerprint)), task.nodes[-1])
