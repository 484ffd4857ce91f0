"""What `hydra/launcher=` asks for: this machine with so many workers, or jobs of a cluster.

A launcher of Hydra's would start one job for each arm, and arms would wait for one another's shared stages. So the
stages are handed out over all arms at once (`runner`): `basic` and `joblib` say how many workers there are here, the
`submitit` launchers how a job is submitted. Hydra's own jobs come after that, here, and find everything done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from pipeline.core.errors import UserError
from pipeline.study.config.schema import Context

_BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
_GPU_KEYS = ("gpus_per_node", "gpus_per_task", "mem_per_gpu", "cpus_per_gpu", "gres")


@dataclass(frozen=True, slots=True)
class Cluster:
    """How jobs are submitted: submitit's executor and the launcher's parameters, as its plugin names them."""

    executor: Literal["local", "slurm"]
    parameters: Mapping[str, Any]
    ranks: int = 0  # processes on each node for a stage that trains on several; 0: one for each GPU

    @property
    def ranks_per_node(self) -> int:
        """Processes that train together on one node."""
        return self.ranks or self.parameters.get("gpus_per_node") or self.parameters.get("tasks_per_node") or 1

    @property
    def num_ranks(self) -> int:
        """Processes that train together in one job."""
        return self.ranks_per_node * self.parameters.get("nodes", 1)

    def for_ranks(self) -> Mapping[str, Any]:
        """Of a job that trains on several ranks: one task on each node, in which torchrun starts them."""
        return {**self.parameters, "tasks_per_node": 1}

    def for_data(self) -> Mapping[str, Any]:
        """Of a job that prepares data: one node, and no GPU is paid for."""
        return {**{key: value for key, value in self.for_ranks().items() if key not in _GPU_KEYS}, "nodes": 1}

    def for_one(self) -> Mapping[str, Any]:
        """Of a job that trains or evaluates by one process: one node, at most one GPU."""
        gpus = self.parameters.get("gpus_per_node")
        return {**self.for_ranks(), "nodes": 1, "gpus_per_node": min(gpus, 1) if gpus else gpus}

    @property
    def num_at_once(self) -> int | None:
        """Jobs that may be in the queue at once; None: as many as there are workers, which are then on this machine."""
        return self.parameters.get("array_parallelism", 256) if self.executor == "slurm" else None


def read_launcher(launcher: DictConfig, context: Context) -> tuple[Context, Cluster | None]:
    """The context, with as many workers as joblib was told, and the cluster that was asked for, if any.

    Raises UserError for a launcher that is not known here, or whose package is not installed.
    """
    plain = OmegaConf.to_container(launcher, resolve=True)
    assert isinstance(plain, dict)
    parameters = {str(key): value for key, value in plain.items() if key != "_target_"}
    name = str(plain.get("_target_", "")).rpartition(".")[2]
    if name == "BasicLauncher":
        return context, None
    if name == "JoblibLauncher":
        jobs = parameters["n_jobs"]  # -1: one for each core, which is what 0 workers mean
        return context.model_copy(update={"workers": context.workers or max(jobs, 0)}), None
    if name in ("LocalLauncher", "SlurmLauncher"):
        executor = "local" if name == "LocalLauncher" else "slurm"
        return context, Cluster(executor, parameters, context.ranks)
    raise UserError(f"hydra/launcher {name} is not known here; give basic, joblib, submitit_local or submitit_slurm")


def check_launcher(launcher: DictConfig, *, is_multirun: bool) -> None:
    """Raise UserError where a launcher is named that Hydra would not start: it starts them with -m only."""
    name = str(launcher.get("_target_", "")).rpartition(".")[2]
    if not is_multirun and name not in ("", "BasicLauncher"):
        raise UserError(f"hydra/launcher ({name}) starts jobs with -m only; give -m, or leave the launcher out")


def use_basic_launcher(config: DictConfig) -> None:
    """Let Hydra run its own jobs here: all stages are built by then."""
    with read_write(config), open_dict(config):
        config.hydra.launcher = {"_target_": _BASIC}
