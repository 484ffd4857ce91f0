"""Everything that can be configured, typed: `parsing.parse` stands at the door, after which nobody sees a DictConfig.

`Study` is one arm at one seed. What decides results stands in the parts that the graph turns into literals;
`Context` is the machine's business (paths, workers, logging) and never enters a fingerprint.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.core.plan import LossRule
from pipeline.curate.config import Curation
from pipeline.eval.config import Eval
from pipeline.lm.config import Model, Optimizer, Schedule, ScheduleKind, Training, check_schedule
from pipeline.sources.config import Corpus, Files
from pipeline.study.kept import split_counts
from pipeline.study.suggest import nearest
from pipeline.tasks.probes.config import Alchemy
from pipeline.tasks.world.dials import Dials
from pipeline.tokenize.config import Tokenizer


class CorpusDefinition(Config):
    """One file of `data_mixes/corpora`: where documents come from, and what is kept of them."""

    says: str = ""  # one line for people
    world: Dials | None = None
    files: Files | None = None
    alchemy: Alchemy | None = None
    parent: str = ""  # the same documents as another corpus, curated otherwise
    curation: Curation = Curation()

    @model_validator(mode="after")
    def _has_one_origin(self) -> "CorpusDefinition":
        if sum(bool(origin) for origin in (self.world, self.files, self.alchemy, self.parent)) != 1:
            raise ValueError("a corpus has exactly one of `world`, `files`, `alchemy`, `parent`")
        return self


class DataMix(Config):
    """One file of `data_mixes`: shares of tokens by corpus, and how often a corpus may be repeated."""

    name: str
    says: str = ""
    weights: dict[str, float] = {}  # empty: none; the reasoning share becomes base
    max_repetitions: float = 4.0


class Phase(Config):
    """A stretch of pretraining: a budget, the share of it that is `pretrain_mix`, and its part of the schedule."""

    tokens: Count
    reasoning: float = Field(default=0.0, ge=0.0, le=1.0)
    warmup: float = Field(default=0.0, ge=0.0, le=1.0)  # share of this phase's tokens
    decay: float = Field(default=0.0, ge=0.0, le=1.0)
    min_ratio: float = Field(default=0.0, ge=0.0, le=1.0)  # of the learning rate, where it ends
    schedule_kind: ScheduleKind = "wsd"

    @model_validator(mode="after")
    def _has_a_schedule(self) -> "Phase":
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
    """Supervised fine-tuning: a budget in loss-bearing tokens, times `passes`."""

    loss_tokens: Count
    passes: float = Field(default=1.0, gt=0)
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    sequence_length: int
    block_rows: int = 16

    @property
    def budget(self) -> int:
        """Loss-bearing tokens in all."""
        return round(self.loss_tokens * self.passes)


class Sweep(Config):
    """A product of axes and single points beside it."""

    name: str
    says: str = ""
    axes: dict[str, list[Any]]
    also: list[dict[str, Any]] = []


class Context(Config):
    """The machine's business: none of it changes a result."""

    store: Path = Path("runs")
    data_root: Path | None = None
    workers: int = Field(default=0, ge=0)  # 0: one for each core
    tracking: Literal["offline", "online", "off"] = "offline"
    lock: Literal["kernel", "lease"] = "kernel"
    checkpoint: str | None = None  # with stage=eval: this one (a folder, or a name on the hub), outside any chain


class Study(Config):
    """One arm at one seed, whole."""

    recipe_name: str
    recipe_says: str = ""
    study: str  # names the random streams
    seed: int = Field(default=0, ge=0)
    replicate: int = Field(default=0, ge=0)  # redraws only what lies after the first phase
    base_mix: DataMix
    pretrain_mix: DataMix
    sft_mix: DataMix
    corpora: dict[str, CorpusDefinition]
    tokenizer: Tokenizer
    tokenizer_corpora: list[str] = []  # the fixed sample that a trained tokenizer reads
    sequence_length: int
    block_rows: int = 64
    loss: LossRule = "all"
    phases: dict[str, Phase] = Field(min_length=1)
    model: Model
    optimizer: Optimizer
    rung: Rung | None = None  # of the scale, where that is one of the ladder's
    training: Training
    sft: SftRecipe
    eval: Eval
    stage: str = "all"
    corpus: str | None = None  # with stage=sources, curate or tokenize: this corpus only
    force: bool = False
    sweep: Sweep | None = None
    context: Context = Context()

    @field_validator("phases", mode="before")
    @classmethod
    def _without_dropped_phases(cls, phases: dict[str, Any]) -> dict[str, Any]:
        """A recipe that builds on another drops one of its phases with `name: null`."""
        return {name: phase for name, phase in phases.items() if phase is not None}

    @model_validator(mode="after")
    def _fits_together(self) -> "Study":
        for mix in (self.base_mix, self.pretrain_mix, self.sft_mix):
            for corpus in mix.weights:
                self._check_corpus(corpus, f"data mix '{mix.name}'")
        for corpus in [*self.tokenizer_corpora, *([self.corpus] if self.corpus else [])]:
            self._check_corpus(corpus, "tokenizer_corpora or corpus=")
        if not self.sft_mix.weights or not self.base_mix.weights:
            raise ValueError("sft_mix and base_mix need weights; `none` is for pretrain_mix only")
        self._check_shared_phases()
        self._check_vocabulary()
        self.kept_in_phases()
        self.kept_in_sft()
        longest = max(self.sequence_length, self.sft.sequence_length)
        if longest > self.model.max_position_embeddings:
            raise ValueError(
                f"sequence_length {longest} is over model.max_position_embeddings "
                f"{self.model.max_position_embeddings}; raise the latter or shorten the sequence"
            )
        return self

    def _check_vocabulary(self) -> None:
        own, words = self.model.extra.get("vocab_size"), self.tokenizer.vocab_size
        if isinstance(own, int) and own < words:
            raise ValueError(
                f"model.extra.vocab_size {own} is smaller than tokenizer.vocab_size {words}; give at least {words}"
            )

    def _check_shared_phases(self) -> None:
        """A trunk must be of use to branches of any length: no phase but the last may run a cosine to its end."""
        for name, phase in list(self.phases.items())[:-1]:
            if phase.schedule_kind == "cosine":
                raise ValueError(
                    f"phases.{name}.schedule_kind=cosine ends with the learning rate at its lowest, and another phase "
                    "follows; give wsd or constant there, or make it the last phase"
                )

    def kept_in_phases(self) -> dict[str, tuple[int, ...]]:
        """Where each phase keeps a checkpoint on the way, in tokens from its own start."""
        budgets = {name: phase.tokens for name, phase in self.phases.items()}
        return split_counts("training.keep_at", self.training.keep_at, budgets)

    def kept_in_sft(self) -> tuple[int, ...]:
        """Where SFT keeps one, in loss-bearing tokens."""
        return split_counts("sft.training.keep_at", self.sft.training.keep_at, {"sft": self.sft.budget})["sft"]

    def _check_corpus(self, name: str, where: str) -> None:
        definition = self.corpora.get(name)
        if definition is None:
            raise ValueError(f"{where} names corpus '{name}'; {nearest(name, self.corpora)}")
        if definition.parent:
            self._check_corpus(definition.parent, f"corpus '{name}'")

    def resolve_corpus(self, name: str) -> Corpus:
        """Where a corpus's raw documents come from: its own source, or its parent's."""
        definition = self.corpora[name]
        if definition.parent:
            return self.resolve_corpus(definition.parent)
        return Corpus(name=name, world=definition.world, files=definition.files, alchemy=definition.alchemy)


CONTEXT_KEYS = tuple(Context.model_fields)
