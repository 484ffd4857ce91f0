"""A suite: which problems a checkpoint is asked. Reads its config, and benchmark files below `data_root`.

World problems come from the split that the suite names, so no structure of theirs is in a training
document; they are balanced over families, depths and templates, and depend on the study key alone.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.tasks.world.dials import check_reach, checked_families
from pipeline.tasks.world.lookup import LOOKUP

if TYPE_CHECKING:
    from pipeline.tasks.score import TaskProblem


class WorldSuite(Config):
    """Problems of the world: `problems_per_family` each, in turn over depths and templates."""

    families: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    """Families that no corpus trains; asked as well, and marked."""
    depths: tuple[int, ...] = Field(min_length=1)
    problems_per_family: int = Field(ge=1)
    templates: int

    @field_validator("families", "held_out")
    @classmethod
    def _are_families(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_families(value, also=(LOOKUP,))

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if not (self.families or self.held_out):
            raise ValueError("no family; name some in `families` or `held_out`")
        check_reach((*self.families, *self.held_out), self.depths, self.templates)
        return self


class Gsm8kSuite(Config):
    """The first problems of a GSM8K file."""

    path: str
    """Below `data_root`, such as `gsm8k/test.jsonl`."""
    num_problems: int = Field(ge=1)
    checksum: str = ""
    """Of the file's content, filled in by the study so that it is part of what is asked."""


class Suite(Config):
    """One named set of problems: of the world, or of a benchmark."""

    name: str
    split: Literal["dev", "test"] = "test"
    world: WorldSuite | None = None
    gsm8k: Gsm8kSuite | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.world is None) == (self.gsm8k is None):
            raise ValueError(f"suite {self.name!r} needs exactly one of `world` and `gsm8k`")
        return self


def load_suite(suite: Suite, *, study_key: str, data_root: Path | None) -> "list[TaskProblem]":
    """All problems of a suite, in a fixed order.

    Raises UserError for a missing file or data_root, and where a family has too few distinct problems.
    """
    from pipeline.tasks import ask

    if suite.world is not None:
        return list(ask.world_problems(suite, suite.world, study_key))
    assert suite.gsm8k is not None
    return list(ask.gsm8k_problems(suite.gsm8k, data_root))
