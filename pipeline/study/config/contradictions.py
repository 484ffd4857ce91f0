"""What a command line says twice, and not the same: Hydra would silently take the last, or stir them together."""

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser

from pipeline.core.errors import UserError

_ONE_OF = ("recipe", "scale", "base_mix", "pretrain_mix", "sft_mix", "sweep")


def check_contradictions(overrides: Sequence[str]) -> None:
    """Raise UserError where one key is given two values, or a value and its removal; or one choice two names."""
    given: dict[str, str] = {}
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.get_key_element().lstrip("+~")
        line = override.input_line or key
        if key in _ONE_OF and isinstance(override.value(), list):
            raise UserError(
                f"{line}: {key} is one choice, and a list would mix them up; -m with commas runs each in turn"
            )
        earlier = given.setdefault(key, line)
        if earlier != line:
            raise UserError(f"{key} is given twice, as '{earlier}' and as '{line}'; leave one of them out")
