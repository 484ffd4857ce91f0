"""Hydra's and OmegaConf's errors in one line, with the nearest valid name."""

import re

from hydra.core.config_store import ConfigStore

from pipeline.study.suggest import nearest

_GROUP = re.compile(r"Could not find '([\w/]+)/([\w\-.]+)'")
_NO_GROUP = re.compile(r"Could not override '([\w/.@]+)'")
_KEY = re.compile(r"Key '([\w]+)' is not in struct\s*(?:full_key: ([\w.\[\]]+))?", re.DOTALL)


def one_line(error: Exception) -> str:
    """What went wrong, without the stack; the causes that Hydra wraps are looked through."""
    text = " ".join(_messages(error))
    if match := _GROUP.search(text):
        group, option = match.groups()
        return f"there is no {group} '{option}'; {nearest(option, options(group))}"
    if match := _KEY.search(text):
        full = match.group(2) or match.group(1)
        return f"unknown key '{full}'; {nearest(full, _keys_beside(full))}"
    if match := _NO_GROUP.search(text):
        return f"unknown key or group '{match.group(1)}'; `frontload --help` lists the groups"
    return text.splitlines()[0] if text else type(error).__name__


def _keys_beside(full: str) -> list[str]:
    """The dotted keys that are valid where a mistyped one stands; for the last part or for any part before it."""
    from pipeline.study.schema import CONTEXT_KEYS, known_keys

    parts = tuple(full.split("."))
    for end in range(len(parts), 0, -1):
        if known := known_keys(parts[:end]):
            prefix = ".".join(parts[: end - 1])
            names = [*known, *CONTEXT_KEYS] if end == 1 else known
            return [f"{prefix}.{name}" if prefix else name for name in names if name != "context"]
    return []


def options(group: str) -> list[str]:
    """The options of a group that was registered from the YAML folders."""
    return [name.removesuffix(".yaml") for name in ConfigStore.instance().list(group)]


def _messages(error: BaseException | None) -> list[str]:
    messages: list[str] = []
    while error is not None:
        messages.append(str(error))
        error = error.__cause__ or error.__context__
    return messages
