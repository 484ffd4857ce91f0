"""The reference of all options, `docs/options.md`, made from the config schema and the files of the groups.

    python -m pipeline.study.config.options            # writes docs/options.md
    python -m pipeline.study.config.options --check    # exits 1 where that file is not what the schema says

What is said of a field is the comment behind it, or the string below it, in the class that holds it: one place.
"""

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from pipeline.core.config import Config
from pipeline.study.config.field_notes import comments, default_of, typed
from pipeline.study.config.register import config_root
from pipeline.study.config.schema import Context, Study

PAGE = Path("docs/options.md")
_GROUPS = {
    "recipe": "recipes",
    "scale": "recipes/scale",
    "pretrain_mix, sft_mix, base_mix": "data_mixes",
    "sweep": "sweeps",
    "suites": "recipes/suites",
    "benchmarks": "recipes/benchmarks",
    "probes": "recipes/probes",
}
_NOT_SET = ("context", "recipe_name", "recipe_says", "corpora", "base_mix", "pretrain_mix", "sft_mix", "sweep")
_HEAD = """# Options

Made by `python -m pipeline.study.config.options` from the config schema; a test holds it up to date. Not to be edited.

Any key is set on the command line as `key=value`; a key that stands at its default in a recipe, and so is not listed by
`frontload --cfg job`, as `+key=value`. A count may be written `40k`, `1.7M`, `2B`. What stands under "The machine"
changes no result; all else is part of what an artifact is.
"""


@dataclass(slots=True)
class _Place:
    """A config class and the keys under which it is reached."""

    config: type[Config]
    paths: list[str] = field(default_factory=list[str])


def as_markdown() -> str:
    """The page."""
    parts = [_HEAD.rstrip(), _groups(), _table("## The machine", "", Context)]
    parts += [_section(place) for place in _places().values()]
    return "\n\n".join(parts) + "\n"


def _groups() -> str:
    root = config_root()
    lines = ["## Groups", "", "| `group=` | options |", "| --- | --- |"]
    for group, folder in _GROUPS.items():
        names = ", ".join(f"`{path.stem}`" for path in sorted((root / folder).glob("*.yaml")))
        lines.append(f"| {group} | {names} |")
    return "\n".join(lines)


def _places() -> dict[type[Config], _Place]:
    """Every config class below `Study` in reading order, each once, with all its keys."""
    found: dict[type[Config], _Place] = {Study: _Place(Study, [""])}
    _walk(Study, "", found)
    return found


def _walk(config: type[Config], prefix: str, found: dict[type[Config], _Place]) -> None:
    for name, info in config.model_fields.items():
        if name == "context":
            continue
        for inner, is_many in _configs_in(info.annotation):
            path = f"{prefix}{name}{'.NAME' if is_many else ''}"
            place = found.setdefault(inner, _Place(inner))
            if path not in place.paths:
                place.paths.append(path)
                _walk(inner, f"{path}.", found)


def _configs_in(annotation: Any, is_many: bool = False) -> Iterator[tuple[type[Config], bool]]:
    """Config classes of an annotation; whether they are the values of a dict or the items of a list."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation, is_many
        return
    many = is_many or get_origin(annotation) in (dict, list, tuple)
    for part in get_args(annotation):
        yield from _configs_in(part, many)


def _section(place: _Place) -> str:
    keys = ", ".join(f"`{path}`" for path in place.paths if path) or "Top level"
    return _table(f"## {keys}", next((path for path in place.paths if path), ""), place.config)


def _table(title: str, path: str, config: type[Config]) -> str:
    says = " ".join((inspect.getdoc(config) or "").split("\n\n")[0].split())
    said = comments(config)
    lines = [title, "", says, "", "| key | type | default | |", "| --- | --- | --- | --- |"]
    for name, info in config.model_fields.items():
        if config is Study and name in _NOT_SET:
            continue
        key = f"{path}.{name}" if path else name
        lines.append(_row(f"`{key}`", typed(info), default_of(info), said.get(name, "")))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the page, or compare it."""
    text = as_markdown()
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
