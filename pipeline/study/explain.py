"""Hydra's and OmegaConf's errors in one line, with the nearest valid name."""

import re

from hydra.core.config_store import ConfigStore
from hydra.errors import OverrideParseException

from pipeline.study.suggest import nearest

_GROUP = re.compile(r"Could not find '([\w/]+)/([\w\-.]+)'")
_NO_GROUP = re.compile(r"Could not override '([\w/.@]+)'")
_KEY = re.compile(r"Key '([\w]+)' is not in struct\s*(?:full_key: ([\w.\[\]]+))?", re.DOTALL)
_SWEPT = re.compile(r"Ambiguous value for argument '([^']+)'")


def one_line(error: Exception) -> str:
    """What went wrong, without the stack; the causes that Hydra wraps are looked through."""
    text = " ".join(_messages(error))
    if match := _GROUP.search(text):
        group, option = match.groups()
        return f"there is no {group} '{option}'; {nearest(option, options(group))}"
    if match := _KEY.search(text):
        return unknown_key(match.group(2) or match.group(1))
    if match := _NO_GROUP.search(text):
        return unknown_group(match.group(1))
    if match := _SWEPT.search(text):
        return f"{match.group(1)} names several values; give -m to run each of them"
    if isinstance(error, OverrideParseException):
        return f"cannot read '{error.override}'; give KEY=VALUE (quote brackets, commas and spaces for the shell)"
    return text.splitlines()[0] if text else type(error).__name__


def unknown_key(full: str) -> str:
    """A dotted key that Hydra refuses: one that was left at its default, or none at all."""
    from pipeline.study.parsing import keys_beside, nearest_key

    known = keys_beside(full)
    if full in known:
        return f"'{full}' stands at its default in this recipe; set it with a plus: +{full}=VALUE"
    return f"unknown key '{full}'; {nearest_key(full, known)}"


def unknown_group(name: str) -> str:
    """A key without dots that Hydra takes for a group, and finds neither."""
    from pipeline.study.parsing import keys_beside

    groups = [group for group in ConfigStore.instance().repo if not group.endswith(".yaml")]
    hint = nearest(name, {*groups, *keys_beside(name)})
    return f"unknown key or group '{name}'; {hint if hint.startswith('did') else '`frontload --help` lists the groups'}"


def options(group: str) -> list[str]:
    """The options of a group that was registered from the YAML folders."""
    return [name.removesuffix(".yaml") for name in ConfigStore.instance().list(group)]


def _messages(error: BaseException | None) -> list[str]:
    messages: list[str] = []
    while error is not None:
        messages.append(str(error))
        error = error.__cause__ or error.__context__
    return messages
