"""A reflection suite: whose traces are perturbed, how, and what is put behind them."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.tasks.reflection.perturb import PERTURBATIONS, Perturbation
from pipeline.tasks.reflection.world_chain import CALCULATING
from pipeline.tasks.world.dials import check_reach, checked_families
from pipeline.tasks.world.lexicon import WORDS

Setting = Literal["situational", "self"]
NO_TRIGGER = "none"
# The world has no word for "wait" or "mistake": what stands in for them is the nearest that its words can say.
WORLD_TRIGGERS = {NO_TRIGGER: "", "wait": "but", "mistake": "but it is not so"}
TEXT_TRIGGERS = {NO_TRIGGER: "", "wait": "Wait,", "mistake": "Wait, I made a mistake"}


class ReflectionWorld(Config):
    """Problems of the world's calculating families: `problems` a family and perturbation, in turn over depths."""

    families: tuple[str, ...] = Field(min_length=1)
    depths: tuple[int, ...] = Field(min_length=1)
    templates: int
    problems: int = Field(ge=1)

    @field_validator("families")
    @classmethod
    def _calculate(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in checked_families(value):
            if name not in CALCULATING:
                raise ValueError(f"family {name!r} does not calculate; reflection can ask {', '.join(CALCULATING)}")
        return value

    @model_validator(mode="after")
    def _exists(self) -> Self:
        check_reach(self.families, self.depths, self.templates)
        if min(self.depths) < 2:
            raise ValueError(f"depth {min(self.depths)} has no first and last step to tell apart; ask for 2 or more")
        return self


class ReflectionFile(Config):
    """The first rows of a GSM8K file; those whose solution cannot be read as calculations are left out."""

    path: str
    """Below `data_root`, such as `gsm8k/test.jsonl`."""
    num_rows: int = Field(ge=1)
    checksum: str = ""
    """Of the file's content, filled in by the study so that it is part of what is asked."""


class ReflectionSuite(Config):
    """Adversarial chains of thought, and the settings and triggers that they are shown in.

    Metric: accuracy, rates of explicit and implicit reflection, copy rate, and - the primary one at small scale -
    the log-probability gap log p(gold) - log p(adversarial answer). Reference: arXiv 2504.04022.
    """

    world: ReflectionWorld | None = None
    gsm8k: ReflectionFile | None = None
    perturbations: tuple[Perturbation, ...] = PERTURBATIONS
    settings: tuple[Setting, ...] = ("situational", "self")
    triggers: dict[str, str] = {}
    """Name to text, put behind the chain of thought; empty: the world's, or the paper's for files."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.world is None) == (self.gsm8k is None):
            raise ValueError("a reflection suite needs exactly one of `world` and `gsm8k`")
        if not self.perturbations or not self.settings:
            raise ValueError("a reflection suite needs at least one of `perturbations` and one of `settings`")
        if self.world is not None:
            for trigger in self.triggers.values():
                _check_words(trigger)
        return self

    @property
    def asked_triggers(self) -> dict[str, str]:
        """Name to text, in the order they are asked in."""
        return self.triggers or (TEXT_TRIGGERS if self.world is None else WORLD_TRIGGERS)

    def suffix(self, trigger: str) -> str:
        """What a trigger's text adds to a chain of thought: a step of its own in the world, a word elsewhere."""
        if not trigger:
            return ""
        return f" {trigger}" if self.world is None else f" . {trigger}"


def _check_words(trigger: str) -> None:
    unknown = [word for word in trigger.split() if word not in WORDS]
    if unknown:
        raise ValueError(f"trigger {trigger!r} has {unknown[0]!r}, no word of the world; use words of its lexicon")
