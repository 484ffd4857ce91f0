"""From Hydra's config to the typed study; what pydantic complains of, in one line with the nearest valid key."""

from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from pipeline.core.config import Config
from pipeline.core.errors import UserError
from pipeline.study.config.schema import CONTEXT_KEYS, Context, Study
from pipeline.study.config.suggest import nearest

_KINDS = ("base", "reasoning")
_Model = TypeVar("_Model", bound=Config)


def parse(config: DictConfig) -> Study:
    """The typed study. Raises UserError with one line that names the key, the value and the next step."""
    raw = OmegaConf.to_container(config, resolve=True)
    assert isinstance(raw, dict)
    raw.pop("hydra", None)
    _join_suites(raw)
    raw["context"] = {key: raw.pop(key) for key in CONTEXT_KEYS if key in raw}
    return validated(Study, raw)


def _join_suites(raw: dict[Any, Any]) -> None:
    """What the groups of suites name joins those of the recipe, where there is anything to join."""
    added: dict[str, Any] = {}
    for group in ("suites", "benchmarks", "probes"):
        suites = raw.pop(group, None) or {}
        if not isinstance(suites, dict):
            raise UserError(f"{group}={suites!r}: give names, as {group}=[NAME]; `frontload --help` lists them")
        added |= suites
    for name, suite in added.items():
        if not isinstance(suite, dict):
            raise UserError(f"suite '{name}' is {suite!r}; it holds keys and values, see recipes/suites")
    own = raw["eval"].setdefault("suites", []) if isinstance(raw.get("eval"), dict) else None
    if isinstance(own, list):
        own += [{"name": name, **suite} for name, suite in added.items()]


def validated(model: type[_Model], raw: object) -> _Model:
    """A config out of plain values. Raises UserError with one line, the first complaint."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UserError(_first_line(error)) from None


def _first_line(error: ValidationError) -> str:
    """The first complaint as one line: the dotted key, the value, what is wrong, the nearest valid key."""
    first = error.errors()[0]
    named = first["loc"]  # pydantic puts the kind of a world's dials after `world`; nobody typed that
    location = [part for at, part in enumerate(named) if not (at and named[at - 1] == "world" and part in _KINDS)]
    path = ".".join(str(part) for part in location).removeprefix("context.")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"unknown key '{path}'; {nearest_key(path, keys_beside(path))}{more}"
    message = first["msg"].removeprefix("Value error, ")
    value = "" if isinstance(first["input"], dict) else f"={first['input']!r}"
    return f"{path}{value}: {message}{more}" if path else f"{message}{more}"


def nearest_key(full: str, beside: list[str]) -> str:
    """The nearest of the keys beside it by its last part, or the same name further down, else all beside it."""
    prefix, _, name = full.rpartition(".")
    below = [key for key in _keys_below(_at(prefix), prefix) if key.rpartition(".")[2] == name]
    if below:
        return f"did you mean '{below[0]}'?"
    return nearest(full, beside, by=lambda key: key.rpartition(".")[2])


def keys_beside(full: str) -> list[str]:
    """The dotted keys that are valid where a mistyped one stands; for the last part or for any part before it."""
    parts = full.split(".")
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[: end - 1])
        known = sorted(getattr(_at(prefix), "model_fields", {}))
        if known:
            names = known if prefix else [name for name in (*known, *CONTEXT_KEYS) if name != "context"]
            return [_joined(prefix, name) for name in names]
    return []


def _keys_below(model: Any, prefix: str) -> list[str]:
    """Dotted keys of a config class and of the config classes in its fields, shallow ones first."""
    fields = getattr(model, "model_fields", {})
    own = [_joined(prefix, name) for name in fields]
    inner = {name: field.annotation for name, field in fields.items() if _is_config(field.annotation)}
    return own + [key for name, inside in inner.items() for key in _keys_below(inside, _joined(prefix, name))]


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _at(prefix: str) -> Any:
    """What the schema has at a dotted place; through dicts, tuples and unions."""
    model: Any = Study
    for part in filter(None, prefix.split(".")):
        model = _child(model, part)
    return model


def _child(model: Any, name: str) -> Any:
    """What stands under a name; None under one that is no key at all."""
    fields = {**Context.model_fields, **Study.model_fields} if model is Study else getattr(model, "model_fields", None)
    if fields is not None and name not in fields:
        return None if model is Study else model  # a name of the user's own, such as a phase's
    annotation = fields[name].annotation if fields is not None else model
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    return next((candidate for candidate in candidates if _is_config(candidate)), annotation)


def _is_config(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, Config)
