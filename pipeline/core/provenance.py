"""Under which circumstances a stage ran: code, packages, machine. Recorded, but never part of an identity.

Nothing here imports a heavy package: versions come from their metadata, and torch is asked only if it is
loaded already. No environment variables, host names or users are recorded.
"""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.core.rank import num_ranks

UNKNOWN = "unknown"
_PACKAGES = (
    "frontload",
    "torch",
    "transformers",
    "accelerate",
    "tokenizers",
    "safetensors",
    "datasets",
    "datatrove",
    "numpy",
    "pyarrow",
    "pandas",
    "scipy",
    "statsmodels",
    "wandb",
)
_CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Circumstances of one run of a stage."""

    commit: str  # of the checkout that holds this package; "unknown" where there is none
    is_dirty: bool  # whether the checkout differed from the commit
    python: str
    packages: dict[str, str]  # package -> version, of those that are installed
    platform: str
    cpu: str  # model name
    num_cores: int
    device: str  # where tensors were computed: "cpu", or the GPU's name
    num_threads: int  # of torch, 1 where it was not loaded
    num_ranks: int = 1  # processes started together; what does not train, or with parallel=none, ran on the first


def provenance() -> Provenance:
    """The circumstances as they are now."""
    commit, is_dirty = _checkout()
    device, num_threads = _torch()
    return Provenance(
        commit=commit,
        is_dirty=is_dirty,
        python=platform.python_version(),
        packages=_packages(),
        platform=platform.platform(),
        cpu=_cpu(),
        num_cores=os.cpu_count() or 1,
        device=device,
        num_threads=num_threads,
        num_ranks=num_ranks(),
    )


@cache  # the code of a process is the code that it was started with
def _checkout() -> tuple[str, bool]:
    top = _git("rev-parse", "--show-toplevel")
    if top is None or Path(top) != _CHECKOUT.resolve():
        return UNKNOWN, False  # installed as a wheel, perhaps inside somebody else's repository
    return _git("rev-parse", "HEAD") or UNKNOWN, bool(_git("status", "--porcelain"))


def _git(*words: str) -> str | None:
    # Without GIT_DIR and its kin, which name another repository while a git hook runs.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(  # noqa: S603 - the words are ours
            ["git", "-C", str(_CHECKOUT), *words],  # noqa: S607 - git is wherever the user has it
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


@cache
def _packages() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def _cpu() -> str:
    info = Path("/proc/cpuinfo")  # platform.processor() is empty on Linux
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _torch() -> tuple[str, int]:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return "cpu", 1
    device = torch.cuda.get_device_name() if torch.cuda.is_initialized() else "cpu"
    return device, torch.get_num_threads()
