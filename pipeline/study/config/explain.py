"""Hydra's and OmegaConf's errors in one line, with the nearest valid name."""

import re
from collections.abc import Iterable, Iterator
from types import TracebackType

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from pipeline.study.config.suggest import nearest

_GROUP = re.compile(r"Could not (?:find|load) '([^']*/[^']*)'")
_NO_GROUP = re.compile(r"Could not override '([\w/.@]+)'")
_KEY = re.compile(r"Key '([\w]+)' is not in struct\s*(?:full_key: ([\w.\[\]]+))?", re.DOTALL)
_SWEPT = re.compile(r"Ambiguous value for argument '([^']+)'")
_FULL_KEY = re.compile(r"full_key: (\S+)")
_COMPOSERS = ("hydra", "omegaconf", "antlr4", "yaml")


def one_line(error: Exception) -> str:
    """What went wrong, without the stack; the causes that Hydra wraps are looked through."""
    text = " ".join(_messages(error))
    if match := _GROUP.search(text):
        return _no_option(match.group(1))
    if match := _KEY.search(text):
        return unknown_key(match.group(2) or match.group(1))
    if match := _NO_GROUP.search(text):
        return unknown_group(match.group(1))
    if match := _SWEPT.search(text):
        return f"{match.group(1)} names several values; give -m to run each of them"
    if isinstance(error, OverrideParseException):
        return f"cannot read '{error.override}'; give KEY=VALUE (quote brackets, commas and spaces for the shell)"
    return _told(text) or type(error).__name__


def _no_option(path: str) -> str:
    """path: a group and the option that it does not have, as `recipe/smok` or `hydra/launcher/slrm`."""
    parts = path.split("/")
    ends = range(len(parts) - 1, 0, -1)
    end = next((end for end in ends if options("/".join(parts[:end]))), 1)
    group, option = "/".join(parts[:end]), "/".join(parts[end:])
    return f"there is no {group} '{option}'; {nearest(option, options(group))}"


def _told(text: str) -> str:
    """The first line of what Hydra or OmegaConf said, the next one where it only announces that, and of which key."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    key = _FULL_KEY.search(text)
    return f"{key.group(1)}: {told}" if key and key.group(1) not in told else told


def fell_while_composing(error: BaseException) -> bool:
    """Whether Hydra or OmegaConf stumbled over what it was given, in an error that is not one of its own."""
    rooms = [frame.tb_frame.f_globals.get("__name__", "").partition(".")[0] for frame in _frames(error.__traceback__)]
    return next((room in _COMPOSERS for room in reversed(rooms) if room in (*_COMPOSERS, "pipeline")), False)


def stumbled_over(error: Exception, arguments: Iterable[str]) -> str:
    """The same in one line. arguments: of the command line, among which the culprit is looked for."""
    line = list(arguments)
    taken = " or ".join(each for each in line if each.startswith("~"))
    if isinstance(error, RecursionError):
        return "a file names itself in its `defaults`, or a value refers to itself; look at what was changed last"
    if isinstance(error, TypeError) and "__delitem__" in _functions(error):
        return f"{taken}: an element cannot be taken out of a list; give the whole list, as KEY=[...]"
    if wrong := [each for each in line if _is_no_option(each)]:
        group = wrong[0].lstrip("+~").partition("=")[0]
        return (
            f"{wrong[0]}: `{group}` takes the name of an option; {nearest(wrong[0].partition('=')[2], options(group))}"
        )
    told = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return f"the line cannot be composed ({told}); look at {' '.join(line)}"


def _is_no_option(argument: str) -> bool:
    """Whether a group is given what is no name."""
    try:
        override = OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    value = override.value()
    names = value if isinstance(value, list) else [value]
    return bool(options(override.key_or_group)) and not all(isinstance(name, str) for name in names)


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _functions(error: BaseException) -> list[str]:
    return [frame.tb_frame.f_code.co_name for frame in _frames(error.__traceback__)]


def unknown_key(full: str) -> str:
    """A dotted key that Hydra refuses: one that was left at its default, or none at all."""
    from pipeline.study.config.parsing import keys_beside, nearest_key

    known = keys_beside(full)
    if full in known:
        return f"'{full}' stands at its default in this recipe; set it with a plus: +{full}=VALUE"
    return f"unknown key '{full}'; {nearest_key(full, known)}"


def unknown_group(name: str) -> str:
    """A key without dots that Hydra takes for a group, and finds neither."""
    from pipeline.study.config.parsing import keys_beside

    if name.startswith("hydra.launcher."):
        known = ", ".join(options("hydra/launcher"))
        return f"'{name}' is of another launcher; name it on the line, as hydra/launcher=NAME ({known})"
    groups = [group for group in ConfigStore.instance().repo if not group.endswith(".yaml")]
    hint = nearest(name, {*groups, *keys_beside(name)})
    return f"unknown key or group '{name}'; {hint if hint.startswith('did') else '`frontload --help` lists the groups'}"


def options(group: str) -> list[str]:
    """The options of a group that was registered from the YAML folders; none where there is no such group."""
    try:
        return [name.removesuffix(".yaml") for name in ConfigStore.instance().list(group)]
    except OSError:  # as Hydra has it
        return []


def _messages(error: BaseException | None) -> list[str]:
    messages: list[str] = []
    while error is not None:
        messages.append(str(error))
        error = error.__cause__ or error.__context__
    return messages
