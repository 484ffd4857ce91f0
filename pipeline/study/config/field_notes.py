"""What a config class says of its fields in words: types, defaults, and the comments of its source."""

import ast
import inspect
import io
import tokenize
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.core.config import Config
from pipeline.core.duration import Count

_COUNT = get_args(Count)[1:]  # pydantic takes an annotation apart: this is left of it


def typed(info: FieldInfo) -> str:
    """Its type in a word or two."""
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


def default_of(info: FieldInfo) -> str:
    """Its default; nothing where that is a class of its own."""
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
def comments(config: type[Config]) -> dict[str, str]:
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
