"""What a command line says twice, and not the same: Hydra would silently take the last."""

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser

from pipeline.core.errors import UserError


def check_contradictions(overrides: Sequence[str]) -> None:
    """Raise UserError where one key is given two values, or a value and its removal."""
    given: dict[str, str] = {}
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.get_key_element().lstrip("+~")
        line = override.input_line or key
        earlier = given.setdefault(key, line)
        if earlier != line:
            raise UserError(f"{key} is given twice, as '{earlier}' and as '{line}'; leave one of them out")
