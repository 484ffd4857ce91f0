"""The YAML files of `recipes/`, `data_mixes/` and `sweeps/` become Hydra groups.

    recipes/*.yaml          recipe       (an arm whole; root package)
    recipes/scale/*.yaml    scale        (a model's size; root package)
    data_mixes/*.yaml       base_mix, pretrain_mix, sft_mix
    data_mixes/corpora/     corpora      (all of them, always: a dict by name)
    recipes/suites/         suites       (more suites of the world: a dict by name)
    recipes/benchmarks/     benchmarks   (suites of the harness: a dict by name)
    recipes/probes/         probes       (suites of how reasoning holds up: a dict by name)
    sweeps/*.yaml           sweep        (root package; axes become hydra.sweeper.params)

Found beside the package in a checkout or an editable install, and inside it in a wheel. Registering the files
one by one, instead of putting the folders on Hydra's search path, keeps `--help` under a second.
"""

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from pipeline.core.errors import UserError

MIX_GROUPS = ("base_mix", "pretrain_mix", "sft_mix")

PRIMARY: dict[str, Any] = {
    "defaults": [
        "_self_",
        {"base_mix": "base"},
        {"pretrain_mix": "ldq"},
        {"sft_mix": "shq"},
        {"suites": []},
        {"benchmarks": []},
        {"probes": []},
        {"recipe": "tunnel"},
        {"sweep": None},
        {"override hydra/job_logging": "stdout"},  # the default writes a log file into the folder it is called from
        {"override hydra/hydra_logging": "none"},
    ],
    "stage": "all",
    "seed": 0,
    "replicate": 0,
    "corpus": None,
    "force": False,
    "store": "runs",
    "data_root": None,
    "checkpoint": None,
    "workers": 0,
    "tracking": "offline",
    "lock": "kernel",
    "recipe_says": "",
    "tokenizer_corpora": [],
    "suites": {},
    "benchmarks": {},
    "probes": {},
    "loss": "all",
    "hydra": {
        "output_subdir": None,
        "run": {"dir": "."},
        "sweep": {"dir": "${store}/.hydra", "subdir": "."},  # a sweep leaves its multirun.yaml
        "job": {"name": "frontload", "chdir": False},
        "callbacks": {"frontload": {"_target_": "pipeline.study.callback.SweepCallback"}},
        "help": {"app_name": "frontload", "template": "???"},
    },
}

HELP = """Frontload: where in training should reasoning data be spent?

frontload                                   one arm of the default recipe, all stages
frontload pretrain_mix=ldq sft_mix=shq      another arm; what is shared is not computed again
frontload stage=sft sft.passes=2            one stage by name (force=true: again, that stage alone)
frontload -m sweep=asymmetry                every arm of a sweep; interrupted, the same line carries on
frontload stage=eval checkpoint=PATH        any checkpoint, put to the recipe's suites
frontload stage=report sweep=asymmetry      tables and plots from what the store holds
frontload stage=ls|why|verify|gc            what the store holds, why a stage would run again
frontload stage=publish                     the world's eval problems as tasks for lm_eval, for any model
frontload benchmarks=[gsm8k,mmlu]           benchmarks beside the recipe's suites (data_root=PATH)

stages: sources curate tokenize mix pretrain sft eval report; all (default)

== Groups (group=option) ==
$APP_CONFIG_GROUPS
Any key of `frontload --cfg job` can be set: frontload sft.optimizer.lr=1e-4 phases.branch.tokens=1M
"""


def has_compiler() -> bool:
    """Whether torch.compile can work here: a C++ compiler and Python's headers. What it decides is a literal."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return headers.exists() and shutil.which(os.environ.get("CXX", "g++")) is not None


def best_precision() -> str:
    """bf16 where torch.compile works and the processor multiplies in it (half as long a step there), else fp32."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    return "bf16" if has_compiler() and any(flag in flags for flag in ("avx512_bf16", "amx_bf16")) else "fp32"


def config_root() -> Path:
    """The folder that holds recipes, data_mixes and sweeps."""
    package = Path(__file__).parent.parent
    beside, inside = package.parent, package / "_configs"
    return inside if inside.is_dir() else beside


def register() -> None:
    """Put every YAML file into Hydra's config store."""
    OmegaConf.register_new_resolver("has_compiler", has_compiler, replace=True)
    OmegaConf.register_new_resolver("best_precision", best_precision, replace=True)
    store = ConfigStore.instance()
    root = config_root()
    primary = {**PRIMARY, "corpora": {path.stem: _load(path) for path in _files(root / "data_mixes" / "corpora")}}
    primary["hydra"]["help"]["template"] = HELP
    store.store(name="config", node=primary)
    for path in _files(root / "data_mixes"):
        for group in MIX_GROUPS:
            store.store(group=group, name=path.stem, node={"name": path.stem, **_load(path)}, package=group)
    for path in _files(root / "recipes"):
        node = {**_load(path), "recipe_name": path.stem}
        store.store(group="recipe", name=path.stem, node=node, package="_global_")
    for path in _files(root / "recipes" / "scale"):
        store.store(group="scale", name=path.stem, node=_load(path), package="_global_")
    _register_suites(store, root / "recipes")
    for path in _files(root / "sweeps"):
        store.store(group="sweep", name=path.stem, node=_sweep(path), package="_global_")


def _register_suites(store: ConfigStore, recipes: Path) -> None:
    benchmarks = {path.stem: _load(path) for path in _files(recipes / "benchmarks")}
    for name, node in benchmarks.items():
        store.store(group="benchmarks", name=name, node=_suite(node, benchmarks), package=f"benchmarks.{name}")
    for group in ("suites", "probes"):
        for path in _files(recipes / group):
            store.store(group=group, name=path.stem, node=_load(path), package=f"{group}.{path.stem}")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _load(path: Path) -> dict[str, Any]:
    content = OmegaConf.to_container(OmegaConf.load(path))
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values, found {type(content).__name__}; see the files beside it")
    return {str(key): value for key, value in content.items()}


def _suite(node: dict[str, Any], benchmarks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A suite of the harness: what a task does not say stands in the file of its name."""
    own: dict[str, dict[str, Any]] = node["harness"]["tasks"]
    known = {label: benchmarks.get(label, node)["harness"]["tasks"].get(label, {}) for label in own}
    tasks = {label: {**known[label], **(task or {})} for label, task in own.items()}
    return {**node, "harness": {"limit": None, "max_gen_toks": None, **node["harness"], "tasks": tasks}}


def _sweep(path: Path) -> dict[str, Any]:
    """A sweep as Hydra understands it: its axes are the sweeper's parameters, the rest is under `sweep`."""
    content = _load(path)
    defaults = content.pop("defaults", [])
    axes = content.get("axes", {})
    params = {key: ",".join(str(value) for value in values) for key, values in axes.items()}
    return {
        "defaults": [*defaults, "_self_"],
        "sweep": {"name": path.stem, **content},
        "hydra": {"sweeper": {"params": params}},
    }
