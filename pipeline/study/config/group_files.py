"""One YAML file of a group as Hydra wants it; what Hydra would stumble over is said with the file's name and line."""

from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader  # pyright: ignore[reportPrivateUsage] - its way of reading 1e-4
from omegaconf.errors import OmegaConfBaseException

from pipeline.core.errors import UserError

# OmegaConf's loader on libyaml's parser, where there is one: a tenth of the time, and every command reads every file.
_THEIRS: Any = get_yaml_loader()
_LOADER: Any = type("Loader", (yaml.CSafeLoader, _THEIRS), {}) if hasattr(yaml, "CSafeLoader") else _THEIRS


def load(path: Path) -> dict[str, Any]:
    """Keys and values of a file. Raises UserError where it is not YAML, or holds something else."""
    try:
        content = _read(path)
        if not _is_plain(content):
            content = OmegaConf.to_container(OmegaConf.create(content))
    except yaml.YAMLError as error:
        raise UserError(f"{path}{_place(error)}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: this is no UTF-8 text; save it as UTF-8") from None
    except (OmegaConfBaseException, RecursionError) as error:
        raise UserError(f"{path}: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values, found {type(content).__name__}; see the files beside it")
    if not isinstance(content.get("defaults", []), list):
        raise UserError(f"{path}: `defaults` is a list, such as [tunnel, _self_]; found {content['defaults']!r}")
    return {str(key): value for key, value in content.items()}


def _read(path: Path) -> Any:
    """What OmegaConf reads in a file; it is asked itself where that is no table, for its words on what is wrong."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - it is a safe one
    except yaml.YAMLError:
        content = None
    return content if isinstance(content, dict) else OmegaConf.load(path)


def _is_plain(content: Any) -> bool:
    """Whether OmegaConf would give it back as it is: only words as keys, and nothing to interpolate."""
    if isinstance(content, dict):
        return all(isinstance(key, str) and _is_plain(value) for key, value in content.items())
    if isinstance(content, list):
        return all(map(_is_plain, content))
    return "${" not in content if isinstance(content, str) else isinstance(content, bool | int | float | None)


def table_of(content: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    """What stands under a key that holds keys itself; nothing where it is left out. Raises UserError otherwise."""
    table = {} if content.get(key) is None else content[key]
    if not isinstance(table, dict):
        raise UserError(f"{path}: `{key}` holds keys and values, found {table!r}; see the files beside it")
    return {str(name): value for name, value in table.items()}


def checked_mix(path: Path) -> dict[str, Any]:
    """A table of a mix. Raises UserError where it has no `weights`: it would be the same as `none`."""
    content = load(path)
    if "weights" not in content:
        raise UserError(
            f"{path}: a mix has `weights: {{CORPUS: SHARE}}`, and this one has none; see the files beside it"
        )
    return {key: value for key, value in content.items() if key != "corpora"}


def checked_benchmark(path: Path) -> dict[str, Any]:
    """A suite of the harness as its file has it. Raises UserError where it names no tasks."""
    content = load(path)
    harness = table_of(content, "harness", path)
    tasks = table_of(harness, "tasks", path)
    if not tasks:
        raise UserError(f"{path}: a benchmark is `harness: {{tasks: {{NAME: {{..}}}}}}`; see the files beside it")
    own = {label: table_of(tasks, label, path) for label in tasks}
    return {**content, "harness": {**harness, "tasks": own}}


def benchmark_node(node: dict[str, Any], all_of_them: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The same whole: what a task does not say stands in the file of its name. all_of_them: benchmarks by name."""
    own: dict[str, dict[str, Any]] = node["harness"]["tasks"]
    known = {label: all_of_them.get(label, node)["harness"]["tasks"].get(label, {}) for label in own}
    tasks = {label: {**known[label], **task} for label, task in own.items()}
    return {**node, "harness": {"limit": None, "max_gen_toks": None, **node["harness"], "tasks": tasks}}


def sweep_node(path: Path) -> dict[str, Any]:
    """A sweep as Hydra understands it: its axes are the sweeper's parameters, the rest is under `sweep`."""
    content = load(path)
    defaults = content.pop("defaults", [])
    axes = table_of(content, "axes", path)
    for key, values in axes.items():
        if not isinstance(values, list) or not values:
            raise UserError(f"{path}: axes.{key} is a list of values, such as [0, 1]; found {values!r}")
    params = {key: ",".join(as_word(value) for value in values) for key, values in axes.items()}
    return {
        "defaults": [*defaults, "_self_"],
        "sweep": {"name": path.stem, **content, "axes": axes},
        "hydra": {"sweeper": {"params": params}},
    }


def as_word(value: object) -> str:
    """A value of a file as a command line has it."""
    return "null" if value is None else str(value)


def _place(error: yaml.YAMLError) -> str:
    """Where in the file, and what is wrong there."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{where}: this is no YAML: {problem or str(error).splitlines()[0]}"
