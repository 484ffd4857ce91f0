"""What a job of a cluster does: some nodes, all of whose parents are in the store.

python -m torch.distributed.run .. -m pipeline.study.run.order FILE      (one rank of a job that trains on several)
"""

import pickle
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.rank import num_ranks, rank
from pipeline.study.config.schema import Context
from pipeline.study.nodes.node import Node, distinct
from pipeline.study.place import open_store
from pipeline.study.run.follow import follow, leading
from pipeline.study.run.runner import Runner
from pipeline.study.run.speeds import learn_from
from pipeline.study.run.survey import survey
from pipeline.study.run.view import View
from pipeline.study.run.worker import StageFailedError

_PORTS = range(20_000, 32_768)
_TIME_IS_UP = Event()
_TOO_SHORT = (
    "its job came to its time limit; give a longer hydra.launcher.timeout_min, or let a job be queued again "
    "(hydra.launcher.max_num_timeout): training carries on from its restart point"
)
Complaints = Mapping[str, Exception]  # by fingerprint: what could not be built


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Plain data, which submitit takes to the job. Called there; told of the time limit, it is queued again."""

    nodes: tuple[Node, ...]
    context: Context
    group: str
    forced: frozenset[str] = frozenset()
    ranks_per_node: int = 0  # that torchrun starts; 0: no torchrun, this process alone

    def __call__(self) -> Complaints:
        """Build the nodes; what failed, by fingerprint."""
        return self._with_torchrun() if self.ranks_per_node else self.carry_out()

    def checkpoint(self) -> object:
        """The time limit is near: the same again; training carries on from its last restart point."""
        from submitit.helpers import DelayedSubmission

        _TIME_IS_UP.set()
        return DelayedSubmission(self)

    def carry_out(self) -> Complaints:
        """Build the nodes in this process, or at the head of its ranks."""
        store = open_store(self.context)
        found = survey(distinct(self.nodes), store, self.forced)
        runner = Runner(context=self.context, group=self.group, forced=self.forced)
        view = View(Console(width=160), found, runner.num_workers, learn_from(store.artifacts()))
        with leading() if num_ranks() > 1 else nullcontext():
            failures = runner.build(found, view)
        return {failure.node.fingerprint: _cause(failure.error) for failure in failures}

    def _with_torchrun(self) -> Complaints:
        """All ranks of this node, started by torchrun; the first node's first rank tells what failed."""
        from submitit import JobEnvironment

        job = JobEnvironment()
        file = Path(job.paths.folder) / f"{job.job_id}_{job.global_rank}_order.pickle"
        file.write_bytes(pickle.dumps(replace(self, ranks_per_node=0)))
        place = meeting(str(job.job_id), job.num_nodes, job.node, job.hostnames[0])
        line = [sys.executable, "-m", "torch.distributed.run", *place]
        line += ["--nproc-per-node", str(self.ranks_per_node), "-m", "pipeline.study.run.order", str(file)]
        code = subprocess.run(line, check=False).returncode  # noqa: S603 - the words are ours
        told = _complaints_file(file)
        if job.node > 0:
            return {}
        if told.exists():
            return pickle.loads(told.read_bytes())  # noqa: S301 - written by our own first rank
        return {self.nodes[-1].fingerprint: StageFailedError(f"torchrun ended with exit code {code}")}


def meeting(job_id: str, num_nodes: int, node: int, host: str) -> list[str]:
    """Where a job's ranks meet, in torchrun's words: on one node at a free port, on several at one that all can tell.

    Jobs whose ids lie less than 12,768 apart have different ports, so that two on one node do not meet each other. The
    ports are below those that Linux gives away by itself.
    """
    if num_nodes == 1:
        return ["--standalone"]
    port = _PORTS[int("".join(filter(str.isdigit, job_id)) or 0) % len(_PORTS)]
    return ["--nnodes", str(num_nodes), "--node-rank", str(node), "--master-addr", host, "--master-port", str(port)]


def _complaints_file(order: Path) -> Path:
    return order.with_suffix(".complaints")


def _cause(error: BaseException) -> Exception:
    """Where nothing is queued again, submitit ends a job by raising an error wherever it is, as in the midst of an
    import, and what a library makes of that tells nobody that time was up.
    """
    return UserError(_TOO_SHORT) if _TIME_IS_UP.is_set() else _portable(error)


def _portable(error: BaseException) -> Exception:
    """As plain text: some exceptions cannot be pickled."""
    return UserError(str(error)) if isinstance(error, UserError) else StageFailedError(str(error))


def main(file: Path) -> None:
    """One rank: the first reads the order and leads, the others follow it."""
    if rank() > 0:
        follow()
        return
    order: Order = pickle.loads(file.read_bytes())  # noqa: S301 - written by our own job
    _complaints_file(file).write_bytes(pickle.dumps(order.carry_out()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
