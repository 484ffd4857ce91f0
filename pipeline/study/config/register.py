"""The YAML files of `recipes/`, `data_mixes/` and `sweeps/` become Hydra groups.

    recipes/*.yaml          recipe       (an arm whole; root package)
    recipes/scale/*.yaml    scale        (a model's size; root package)
    data_mixes/*.yaml       base_mix, pretrain_mix, sft_mix
    data_mixes/*/*.yaml     the same, as folder/name; their `corpora` join the corpora
    data_mixes/corpora/     corpora      (all of them, always: a dict by name)
    recipes/suites/         suites       (more suites of the world: a dict by name)
    recipes/benchmarks/     benchmarks   (suites of the harness: a dict by name)
    recipes/probes/         probes       (suites of how reasoning holds up: a dict by name)
    sweeps/*.yaml           sweep        (root package; axes become hydra.sweeper.params)

Found beside the package in a checkout or an editable install, and inside it in a wheel. Registering the files
one by one, instead of putting the folders on Hydra's search path, keeps `--help` below a second.
"""

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import OmegaConf

from pipeline.study.config.group_files import benchmark_node, checked_benchmark, checked_mix, load, sweep_node, table_of
from pipeline.study.config.primary import HELP, PRIMARY

MIX_GROUPS = ("base_mix", "pretrain_mix", "sft_mix")


class Shelf(dict[str, Any]):
    """What the config store holds, never copied whole.

    Hydra copies the store with all its configs whenever it composes one, and for each group of `--help`, which was then
    20 s of a core. It copies each config again as it reads it, so that one shelf for all is safe.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "Shelf":
        return self


class Later(ConfigNode):
    """A file's content, made Hydra's own once Hydra asks for it: of all of them a line uses a dozen."""

    def __init__(self, name: str, content: dict[str, Any], group: str, package: str) -> None:
        self.name, self.group, self.package, self.provider = name, group, package, None
        self._content = content

    def __getattr__(self, name: str) -> Any:
        """The node, which is not there before the first asking."""
        if name != "node":
            raise AttributeError(name)
        self.node = OmegaConf.structured(self._content)
        return self.node


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
    package = Path(__file__).parents[2]
    beside, inside = package.parent, package / "_configs"
    return inside if inside.is_dir() else beside


def register() -> None:
    """Put every YAML file into Hydra's config store."""
    OmegaConf.register_new_resolver("has_compiler", has_compiler, replace=True)
    OmegaConf.register_new_resolver("best_precision", best_precision, replace=True)
    store = ConfigStore.instance()
    store.repo = Shelf(store.repo)
    root = config_root()
    primary = {**PRIMARY, "corpora": _corpora(root / "data_mixes")}
    primary["hydra"]["help"]["template"] = HELP
    store.store(name="config", node=primary)
    _register_mixes(store, root / "data_mixes")
    for path in _files(root / "recipes"):
        node = {**load(path), "recipe_name": path.stem}
        _put(store, "recipe", path.stem, node, "_global_")
    for path in _files(root / "recipes" / "scale"):
        _put(store, "scale", path.stem, load(path), "_global_")
    _register_suites(store, root / "recipes")
    for path in _files(root / "sweeps"):
        _put(store, "sweep", path.stem, sweep_node(path), "_global_")


def _put(store: ConfigStore, group: str, name: str, content: dict[str, Any], package: str) -> None:
    """What `ConfigStore.store` does, without turning the content into a node at once."""
    shelf = store.repo
    for part in group.split("/"):
        shelf = shelf.setdefault(part, {})
    shelf[f"{name}.yaml"] = Later(f"{name}.yaml", content, group, package)


def _corpora(mixes: Path) -> dict[str, Any]:
    """All corpora there are: a file each in `corpora/`, and what the mixes in other folders bring along."""
    found = {path.stem: load(path) for path in _files(mixes / "corpora")}
    for path in _mixes(mixes):
        found |= table_of(load(path), "corpora", path)
    return found


def _register_mixes(store: ConfigStore, mixes: Path) -> None:
    """Mixes at the top by their own names, those of a folder as `folder/name`."""
    for path in _mixes(mixes):
        folder = "" if path.parent == mixes else f"/{path.parent.name}"
        node = {"name": f"{folder[1:]}/{path.stem}".lstrip("/"), **checked_mix(path)}
        for group in MIX_GROUPS:
            _put(store, f"{group}{folder}", path.stem, node, group)


def _mixes(mixes: Path) -> list[Path]:
    folders = [folder for folder in sorted(mixes.iterdir()) if folder.is_dir() and folder.name != "corpora"]
    return [path for folder in (mixes, *folders) for path in _files(folder)]


def _register_suites(store: ConfigStore, recipes: Path) -> None:
    benchmarks = {path.stem: checked_benchmark(path) for path in _files(recipes / "benchmarks")}
    for name, node in benchmarks.items():
        whole = benchmark_node(node, benchmarks)
        _put(store, "benchmarks", name, whole, f"benchmarks.{name}")
    for group in ("suites", "probes"):
        for path in _files(recipes / group):
            _put(store, group, path.stem, load(path), f"{group}.{path.stem}")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))
