"""A suite: which problems a checkpoint is asked. Reads its config, and benchmark files below `data_root`.

World problems come from the split that the suite names, so no structure of theirs is in a training
document; they are balanced over families, depths and templates, and depend on the study key alone.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.tasks.code.config import CodeSuite
from pipeline.tasks.harness.config import HarnessSuite
from pipeline.tasks.probes.config import AlchemySuite
from pipeline.tasks.reflection.config import ReflectionSuite
from pipeline.tasks.world.controls import CONTROLS
from pipeline.tasks.world.dials import check_reach, checked_families

if TYPE_CHECKING:
    from pipeline.tasks.score import TaskProblem


class WorldSuite(Config):
    """Problems of the world: `problems_per_family` each, in turn over depths and templates.

    Depths 7 and 8 and template 3 are in no corpus: what is deeper than trained, or worded otherwise, is asked in a
    suite of its own.
    """

    families: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    """Families that no corpus trains; asked as well, and marked."""
    depths: tuple[int, ...] = Field(min_length=1)
    problems_per_family: int = Field(ge=1)
    templates: int
    """The templates below this one,"""
    first_template: int = Field(default=0, ge=0, exclude_if=lambda value: value == 0)
    """from this one on, counted from 0."""

    @field_validator("families", "held_out")
    @classmethod
    def _are_families(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_families(value, also=tuple(CONTROLS))

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if not (self.families or self.held_out):
            raise ValueError("no family; name some in `families` or `held_out`")
        check_reach((*self.families, *self.held_out), self.depths, self.templates, is_asked=True)
        if self.first_template >= self.templates:
            raise ValueError(
                f"first_template {self.first_template} leaves none of {self.templates} templates; lower it"
            )
        return self


class Gsm8kSuite(Config):
    """The first problems of a GSM8K file."""

    path: str
    """Below `data_root`, such as `gsm8k/test.jsonl`."""
    num_problems: int | None = Field(ge=1)
    """None: all of them."""
    checksum: str = ""
    """Of the file's content, filled in by the study so that it is part of what is asked."""


class Suite(Config):
    """One named set of problems: of the world, or of a benchmark."""

    name: str
    split: Literal["dev", "test"] = "test"
    world: WorldSuite | None = None
    gsm8k: Gsm8kSuite | None = None
    code: CodeSuite | None = None
    reflection: ReflectionSuite | None = Field(default=None, exclude_if=lambda value: value is None)
    alchemy: AlchemySuite | None = Field(default=None, exclude_if=lambda value: value is None)
    harness: HarnessSuite | None = Field(default=None, exclude_if=lambda value: value is None)
    after: Literal["any", "pretrain", "sft"] = Field(default="any", exclude_if=lambda value: value == "any")
    """Which checkpoints are asked: all, or those of one kind of training."""
    ask: Literal["answer", "thinking"] = Field(default="answer", exclude_if=lambda value: value == "answer")
    """thinking: every problem with a thought opened and without one; see `probes.thinking`."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        kinds = (self.world, self.gsm8k, self.code, self.reflection, self.alchemy, self.harness)
        if sum(kind is not None for kind in kinds) != 1:
            names = "`world`, `gsm8k`, `code`, `reflection`, `alchemy`, `harness`"
            raise ValueError(f"suite {self.name!r} needs exactly one of {names}")
        if self.ask == "thinking" and not (self.world or self.gsm8k):
            raise ValueError(f"suite {self.name!r}: `ask: thinking` is for problems of `world` or `gsm8k`")
        return self

    @property
    def is_probe(self) -> bool:
        """Whether its rows are a probe's, with a summary of their own, and count in no accuracy."""
        return self.reflection is not None or self.alchemy is not None or self.ask == "thinking"

    @property
    def file(self) -> tuple[str, str] | None:
        """The benchmark that it reads a file of, and the file's path below `data_root`; None where it reads none of its
        own. What the harness reads is told by the harness's rooms.
        """
        if self.code is not None:
            return self.code.benchmark, self.code.path
        file = self.gsm8k or (self.reflection and self.reflection.gsm8k)
        return ("gsm8k", file.path) if file else None

    @property
    def whole(self) -> "Suite":
        """With every problem of its benchmarks, however many are asked: none of them may be trained on."""
        every: dict[str, Config] = {}
        if self.gsm8k:
            every["gsm8k"] = self.gsm8k.model_copy(update={"num_problems": None})
        if self.code:
            every["code"] = self.code.model_copy(update={"num_problems": None})
        if self.harness:
            every["harness"] = self.harness.model_copy(update={"limit": None})
        return self.model_copy(update=every)


def load_suite(suite: Suite, *, study_key: str, data_root: Path | None) -> "list[TaskProblem]":
    """All problems of a suite, in a fixed order.

    Raises UserError for a missing file or data_root, and where a family has too few distinct problems.
    """
    from pipeline.tasks import ask

    if suite.reflection is not None:
        from pipeline.tasks.reflection.items import reflection_items

        return [*reflection_items(suite.name, suite.split, suite.reflection, study_key, data_root)]
    if suite.alchemy is not None:
        from pipeline.tasks.probes.shifts import shifted_problems

        return [*shifted_problems(suite.name, suite.split, suite.alchemy, study_key)]
    if suite.code is not None:
        from pipeline.tasks.code.rows import code_problems

        return list(code_problems(suite.code, data_root))
    if suite.harness is not None:
        from pipeline.tasks.harness.ask import harness_problems

        return list(harness_problems(suite.harness, data_root))
    if suite.world is not None:
        return list(ask.world_problems(suite, suite.world, study_key))
    assert suite.gsm8k is not None
    return list(ask.gsm8k_problems(suite.gsm8k, data_root))
