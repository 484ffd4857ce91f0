"""The reference of all options, `docs/options.md`, made from the config schema and the files of the groups.

    python -m pipeline.study.options            # writes docs/options.md
    python -m pipeline.study.options --check    # exits 1 where that file is not what the schema says

What is said of a field is the comment behind it, or the string below it, in the class that holds it: one place.
"""

import ast
import inspect
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.study.register import config_root
from pipeline.study.schema import Context, Study

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
_COUNT = get_args(Count)[1:]  # pydantic takes an annotation apart: this is left of it
_NOT_SET = ("context", "recipe_name", "recipe_says", "corpora", "base_mix", "pretrain_mix", "sft_mix", "sweep")
_HEAD = """# Options

Made by `python -m pipeline.study.options` from the config schema; a test holds it up to date. Do not edit by hand.

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
    comments = _comments(config)
    lines = [title, "", says, "", "| key | type | default | |", "| --- | --- | --- | --- |"]
    for name, info in config.model_fields.items():
        if config is Study and name in _NOT_SET:
            continue
        key = f"{path}.{name}" if path else name
        lines.append(_row(f"`{key}`", _typed(info), _default(info), comments.get(name, "")))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _typed(info: FieldInfo) -> str:
    return "count" if any(part in _COUNT for part in info.metadata) else _name(info.annotation)


def _name(annotation: Any) -> str:
    """A type in a word or two."""
    if annotation == Count:
        return "count"
    origin, parts = get_origin(annotation), get_args(annotation)
    if parts:
        return _nested(origin, parts)
    known = {Path: "path", str: "text", bool: "true, false", float: "number", int: "integer", Any: "any"}
    plain = "settings" if _is_config(annotation) else getattr(annotation, "__name__", str(annotation))
    return known.get(annotation, plain)


def _nested(origin: Any, parts: tuple[Any, ...]) -> str:
    """A type with types inside."""
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys("none" if part is NoneType else _name(part) for part in parts))
    if origin is dict:
        return f"NAME: {_name(parts[1])}"
    return f"list of {_name(parts[0])}" if origin in (list, tuple) else _name(parts[0])


def _is_config(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Config)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is PydanticUndefined or isinstance(value, Config):
        return ""
    return "none" if value is None else f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_plain(part) for part in value)}]"
    return str(value) or '""'


@cache
def _comments(config: type[Config]) -> dict[str, str]:
    """What the source says of each field, the base classes' fields included."""
    found: dict[str, str] = {}
    for base in reversed(config.__mro__):
        if issubclass(base, Config) and base is not Config:
            found |= _comments_of(inspect.getsource(base))
    return found


def _comments_of(source: str) -> dict[str, str]:
    """Field to the comment behind its line, or the string below it."""
    behind = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    found: dict[str, str] = {}
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            said = _string(below) or behind.get(node.end_lineno or node.lineno) or ""
            found[node.target.id] = " ".join(said.split())
    return found


def _string(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return ""


def main() -> None:
    """Write the page, or compare it."""
    text = as_markdown()
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
