"""A sweep's points: the product of its axes and the single points beside it, each composed and checked."""

import itertools
import shlex
from collections.abc import Iterable, Sequence

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from pipeline.core.errors import UserError
from pipeline.study.config.group_files import as_word
from pipeline.study.config.parsing import parse
from pipeline.study.config.schema import Study, Sweep

Point = tuple[str, ...]  # overrides


def points(sweep: Sweep, overrides: Sequence[str]) -> list[Point]:
    """Every arm as a list of overrides. What the command line sweeps or sets wins over the sweep's own axes."""
    fixed, axes = split_overrides(overrides)
    taken = {override.split("=", 1)[0].lstrip("+~") for override in fixed} | set(axes)
    own = {
        key: [f"{key}={as_word(value)}" for value in values] for key, values in sweep.axes.items() if key not in taken
    }
    product = list(itertools.product(*own.values(), *axes.values()))
    single = [
        (*(f"{key}={as_word(value)}" for key, value in extra.items()), *chosen)
        for extra in sweep.also
        if not set(extra) & taken
        for chosen in itertools.product(*axes.values())
    ]
    return [(*fixed, *chosen) for chosen in [*product, *single]]


def split_overrides(overrides: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Overrides with one value, and those that sweep (`seed=0,1`, `seed=range(0,3)`) as lists of single ones."""
    fixed: list[str] = []
    axes: dict[str, list[str]] = {}
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        if override.is_sweep_override():
            axes[override.get_key_element()] = _each(override)
        else:
            assert override.input_line is not None
            fixed.append(override.input_line)
    return fixed, axes


def _each(override: Override) -> list[str]:
    key = override.get_key_element()
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def compose_arms(all_points: Iterable[Point]) -> list[tuple[Point, Study]]:
    """Compose and check every point before any of them runs. Raises UserError that names the first bad one."""
    arms: list[tuple[Point, Study]] = []
    for point in all_points:
        try:
            arms.append((point, parse(compose("config", overrides=list(point)))))
        except UserError as error:
            raise UserError(f"sweep point [{' '.join(point)}]: {error}") from None
    return arms


def command_of(point: Point, study: Study) -> str:
    """The line that repeats one arm alone: without its sweep, whose recipe is named instead."""
    settings = [part for part in point if not part.startswith(("sweep=", "recipe=", "stage=", "force="))]
    return shlex.join(["frontload", f"recipe={study.recipe_name}", *settings])
