"""Everything that can be configured, typed: `parsing.parse` stands at the door, after which nobody sees a DictConfig.

`Study` is one arm at one seed. What decides results stands in the parts that the graph turns into literals;
`Context` is the machine's business (paths, workers, logging) and never enters a fingerprint.
"""

from typing import Any

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.plan import LossRule
from pipeline.eval.config import Eval
from pipeline.lm.config import Model, Optimizer, Training
from pipeline.sources.config import Corpus
from pipeline.study.config.allocation import Allocation, allocate
from pipeline.study.config.context import CONTEXT_KEYS, Context
from pipeline.study.config.kept import split_counts
from pipeline.study.config.machine import Machine
from pipeline.study.config.parts import CorpusDefinition, DataMix, Phase, Rung, SftRecipe, Sweep
from pipeline.study.config.suggest import nearest
from pipeline.study.config.word_count import num_words
from pipeline.tokenize.config import Tokenizer
from pipeline.verdict.advice_config import Asked

__all__ = [
    "CONTEXT_KEYS",
    "Context",
    "CorpusDefinition",
    "DataMix",
    "Phase",
    "Rung",
    "SftRecipe",
    "Study",
    "Sweep",
]


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
    allocation: Allocation | None = None  # sets the last phase and SFT
    model: Model
    optimizer: Optimizer
    rung: Rung | None = None  # of the scale, where that is one of the ladder's
    training: Training
    sft: SftRecipe
    eval: Eval
    stage: str = "all"
    claim: str | None = None  # with stage=power: this one only
    advice: Asked | None = None  # with stage=advise: the pools to be divided
    other_corpus: str | None = None  # with stage=compare: the second one
    corpus: str | None = None  # with stage=sources, curate or tokenize: this corpus only
    force: bool = False
    plan: Machine = Machine()  # with stage=plan: what it is planned for
    sweep: Sweep | None = None
    context: Context = Context()

    @model_validator(mode="before")
    @classmethod
    def _allocated(cls, raw: dict[str, Any]) -> dict[str, Any]:
        return allocate(raw) if raw.get("allocation") else raw

    @field_validator("phases", mode="before")
    @classmethod
    def _without_dropped_phases(cls, phases: Any) -> Any:
        """A recipe that builds on another drops one of its phases with `name: null`."""
        if not isinstance(phases, dict):  # said by pydantic, with its key
            return phases
        return {name: phase for name, phase in phases.items() if phase is not None}

    @model_validator(mode="after")
    def _fits_together(self) -> "Study":
        for mix in (self.base_mix, self.pretrain_mix, self.sft_mix):
            for corpus in mix.weights:
                self._check_corpus(corpus, f"data mix '{mix.name}'")
        for corpus in [*self.tokenizer_corpora, *filter(None, (self.corpus, self.other_corpus))]:
            self._check_corpus(corpus, "tokenizer_corpora, corpus= or other_corpus=")
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
        own, words = self.model.extra.get("vocab_size"), num_words(self.tokenizer)
        if isinstance(own, int) and own < words:
            whose = "tokenizer.vocab_size" if self.tokenizer.vocab_size else "the tokenizer's"
            raise ValueError(f"model.extra.vocab_size {own} is smaller than {whose} {words}; give at least {words}")

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
        if self.sft.budget == 0:
            return ()
        return split_counts("sft.training.keep_at", self.sft.training.keep_at, {"sft": self.sft.budget})["sft"]

    def _check_corpus(self, name: str, where: str, below: tuple[str, ...] = ()) -> None:
        """below: corpora whose parent it is, directly or not."""
        if name in below:
            raise ValueError(f"corpus '{name}' is its own parent ({' > '.join((*below, name))}); name another")
        definition = self.corpora.get(name)
        if definition is None:
            raise ValueError(f"{where} names corpus '{name}'; {nearest(name, self.corpora)}")
        if definition.parent:
            self._check_corpus(definition.parent, f"corpus '{name}'", (*below, name))
        for other in definition.curation.against:
            if other not in self.corpora:
                raise ValueError(f"corpus '{name}' is `against` '{other}'; {nearest(other, self.corpora)}")

    def resolve_corpus(self, name: str) -> Corpus:
        """Where a corpus's raw documents come from: its own source, or its parent's."""
        definition = self.corpora[name]
        if definition.parent:
            return self.resolve_corpus(definition.parent)
        return Corpus(
            name=name,
            world=definition.world,
            files=definition.files,
            hub=definition.hub,
            alchemy=definition.alchemy,
        )
