"""The parts of a study, typed: corpora, mixes, phases, SFT, sweeps. What decides results stands here."""

from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.core.plan import Unit
from pipeline.curate.config import Curation
from pipeline.lm.config import Optimizer, Schedule, ScheduleKind, Training, check_schedule
from pipeline.mix.config import Declared, MixTable
from pipeline.sources.config import Files, Hub
from pipeline.tasks.probes.config import Alchemy
from pipeline.tasks.world.dials import Dials
from pipeline.verdict.config import Claim, Claims


class CorpusDefinition(Config):
    """One file of `data_mixes/corpora`: where documents come from, and what is kept of them."""

    says: str = ""  # one line for people
    world: Dials | None = None
    files: Files | None = None
    hub: Hub | None = None
    alchemy: Alchemy | None = None
    parent: str = ""  # the same documents as another corpus, curated otherwise
    declared: Declared | None = None  # sizes that others state, for stage=plan
    curation: Curation = Curation()

    @model_validator(mode="after")
    def _has_one_origin(self) -> "CorpusDefinition":
        if sum(bool(origin) for origin in (self.world, self.files, self.hub, self.alchemy, self.parent)) != 1:
            raise ValueError("a corpus has exactly one of `world`, `files`, `hub`, `alchemy`, `parent`")
        return self


class DataMix(MixTable):
    """One file of `data_mixes`: shares of tokens by corpus, and how often a corpus may, or is to, be repeated."""

    name: str
    says: str = ""


class Phase(Config):
    """A stretch of pretraining: a budget, the share of it that is `pretrain_mix`, and its part of the schedule."""

    tokens: Count
    reasoning: float = Field(default=0.0, ge=0.0, le=1.0)
    warmup: float = Field(default=0.0, ge=0.0, le=1.0)  # share of this phase's tokens
    decay: float = Field(default=0.0, ge=0.0, le=1.0)
    min_ratio: float = Field(default=0.0, ge=0.0, le=1.0)  # of the learning rate, where it ends
    schedule_kind: ScheduleKind = "wsd"
    reasoning_of: Literal["pretrain_mix", "sft_mix"] = "pretrain_mix"  # the mix that the share comes from

    @model_validator(mode="after")
    def _has_a_schedule(self) -> "Phase":
        if self.tokens < 1:
            raise ValueError(f"tokens={self.tokens} is no phase; give a count such as 1.7M")
        check_schedule(self.schedule_kind, self.warmup, self.decay)
        return self

    def schedule(self) -> Schedule:
        """Its part of the arm's one schedule, in shares of its own tokens: no phase depends on the arm's length."""
        return Schedule(kind=self.schedule_kind, warmup=self.warmup, decay=self.decay, min_ratio=self.min_ratio)


class Rung(Config):
    """What a run at a size of the ladder should be, by the ladder's rule (docs/training.md). No stage reads it: recipes
    take from it what they want, as `recipes/ladder.yaml` does.
    """

    num_parameters: Count  # all of them, with this vocabulary
    vocabulary: int
    tokens_per_param: int
    trunk_tokens: Count
    branch_tokens: Count
    sequence_length: int
    batch_rows: int
    sft_lr: float
    checkpoint_every: Count


class SftRecipe(Config):
    """Supervised fine-tuning: a budget in loss-bearing tokens, or in tokens of input, times `passes`; 0: none."""

    loss_tokens: Count
    tokens: Count | None = None  # of input, where they are to be counted instead
    passes: float = Field(default=1.0, gt=0)
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    sequence_length: int
    block_rows: int = 16

    @property
    def budget(self) -> int:
        """Tokens of the unit in all."""
        return round((self.loss_tokens if self.tokens is None else self.tokens) * self.passes)

    @property
    def unit(self) -> Unit:
        """What the budget counts."""
        return "loss_tokens" if self.tokens is None else "tokens"


class Sweep(Config):
    """A product of axes and single points beside it."""

    name: str
    says: str = ""
    axes: dict[str, list[Any]]
    also: list[dict[str, Any]] = []
    arms: dict[str, dict[str, Any]] = {}  # names, by settings, of arms that their mixes alone do not tell apart
    claims: dict[str, Claim] = {}
    planned_seeds: int = Field(default=8, ge=2)
    pilots: tuple[int, ...] = ()  # seeds for choosing and planning, never for verdicts
    rates: tuple[float, ...] = ()  # SFT learning rates that pilots try in every cell
    learns_from: tuple[str, ...] = ()  # other sweeps whose results `advise` fits as well
    pools: dict[str, dict[str, float]] = {}  # what `advise` knows of a corpus: its traits, each from 0 to 1

    @model_validator(mode="after")
    def _has_few_primary(self) -> "Sweep":
        self.judged_by()
        return self

    def judged_by(self) -> Claims:
        """Its claims and what they are judged by."""
        return Claims(sweep=self.name, claims=self.claims, planned_seeds=self.planned_seeds)
