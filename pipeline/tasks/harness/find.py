"""Which of the harness's YAML files defines a task: found by text, since parsing all 14,000 takes 6 to 20 seconds."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

_NAME = re.compile(rb"""^["']?(?:task|group)["']?:[ \t]*["']?([\w./:+-]+)["']?[ \t]*\r?$""", re.MULTILINE)


def manager_for(name: str, include: Path | None) -> "TaskManager | None":
    """An index that holds a task or group and what it is made of; None where nothing has that name.

    include: a folder with YAMLs of one's own, which come before the harness's.
    """
    from lm_eval.tasks import TaskManager

    home = _homes(include).get(name) if include else None
    home = home or _homes(_harness_tasks()).get(name)
    if home is None:
        return None
    manager = TaskManager(include_defaults=False, include_path=str(home))
    return manager if _is_whole(manager, name) else TaskManager(include_path=str(home))


def has_task(name: str, include: Path | None) -> bool:
    """Whether some YAML defines a task or group of that name."""
    return bool(include and name in _homes(include)) or name in _homes(_harness_tasks())


def _harness_tasks() -> Path:
    spec = find_spec("lm_eval")
    assert spec is not None, "lm_eval is a dependency"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "tasks"


@cache
def _homes(root: Path) -> dict[str, Path]:
    """Name of each task and group to the folder of its YAML; of equal names the first file counts, as there."""
    homes: dict[str, Path] = {}
    for path in sorted(root.rglob("*.yaml"), key=Path.as_posix):
        for name in _NAME.findall(path.read_bytes()):
            homes.setdefault(name.decode(), path.parent)
    return homes


def _is_whole(manager: "TaskManager", name: str) -> bool:
    """Whether everything that a group names is in the index; a task always is whole."""
    entry = manager.task_index.get(name)
    return entry is not None and _holds(manager, (entry.cfg or {}).get("task"))


def _holds(manager: "TaskManager", members: Any) -> bool:
    """Whether a group's members are in the index: names, or mappings that name a task or group, or list its members."""
    if not isinstance(members, list):
        return True
    for member in members:
        if isinstance(member, dict) and isinstance(member.get("task"), list):
            found = _holds(manager, member["task"])
        else:
            found = _is_whole(manager, member if isinstance(member, str) else member.get("task") or member["group"])
        if not found:
            return False
    return True
