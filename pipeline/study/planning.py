"""What an arm would take, from its configuration alone: tokens and passes by source, FLOPs, GPU-hours, memory, disk.

Nothing is built, read from the network or written. Corpora count as the store has them, else as their files declare.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.core.store import Store
from pipeline.lm.config import Model, Training
from pipeline.lm.footprint import Footprint, footprint
from pipeline.mix.config import Mixing
from pipeline.mix.plan import plan_counts, planned_source, shares_of, shortfall, wanted_passes
from pipeline.study.blend import phase_mixing, sft_mixing
from pipeline.study.machine import Machine
from pipeline.study.schema import Study
from pipeline.study.sizes import Size, Sizes
from pipeline.tasks.world.lexicon import WORDS
from pipeline.tokenize.config import Tokenizer

TEXT_COPIES = 2  # of sources and of curate, as Parquet
TEXT_COMPRESSION = 2.5  # about what zstd makes of prose
_MARKS = 6  # special tokens of our tokenizers


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One corpus in one stretch of training."""

    corpus: str
    share: float
    planned: int  # of the stretch's unit
    size: Size
    passes: float | None  # None where the corpus's size is not known
    is_part: bool  # read more often than it need be, so that the number of passes is the wanted one

    @property
    def input_tokens(self) -> float:
        """Tokens that are read; as many as planned where nothing is known of the corpus."""
        held = self.size.holding
        return self.planned * held.num_tokens / held.num_units if held and held.num_units else float(self.planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A phase of pretraining, or SFT."""

    name: str
    config: Mixing
    training: Training
    rows: tuple[SourceRow, ...]
    model: Footprint
    short: str  # why it cannot be had; empty where it can

    @property
    def input_tokens(self) -> float:
        """Tokens that are read, padding not counted."""
        return sum(row.input_tokens for row in self.rows)

    @property
    def is_known(self) -> bool:
        """Whether the tokens are: loss-bearing ones of a corpus of unknown size are some of more."""
        return self.config.unit == "tokens" or all(row.size.holding for row in self.rows)

    @property
    def steps(self) -> float:
        """Updates of the weights, padding not counted."""
        return self.input_tokens / (self.training.batch_rows * self.config.sequence_length)

    @property
    def flops(self) -> float:
        """Model FLOPs of the tokens, forward and backward."""
        return self.input_tokens * self.model.flops_per_token

    def gpu_hours(self, machine: Machine) -> float:
        """Hours of one accelerator at the stated MFU."""
        return self.flops / (machine.peak_tflops * 1e12 * machine.mfu) / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """One arm."""

    study: Study
    vocabulary: int
    stretches: tuple[Stretch, ...]

    @property
    def model(self) -> Footprint:
        """The model's cost in pretraining."""
        return self.stretches[0].model

    @property
    def corpora(self) -> dict[str, Size]:
        """Every corpus that is read, once."""
        return {row.corpus: row.size for stretch in self.stretches for row in stretch.rows}

    def passes_in_all(self) -> dict[str, float]:
        """Of each corpus that more than one stretch reads, where its size is known."""
        read: dict[str, list[float]] = {}
        for row in (row for stretch in self.stretches for row in stretch.rows if row.passes is not None):
            read.setdefault(row.corpus, []).append(row.passes or 0.0)
        return {corpus: sum(passes) for corpus, passes in read.items() if len(passes) > 1}

    def disk(self) -> dict[str, float]:
        """Bytes, by what they are for. A corpus whose size is not known counts nothing."""
        training = self.study.training
        num_stages = len(self.stretches)
        kept = len(training.keep_at) + len(self.study.sft.training.keep_at)
        return {
            "text of the corpora, before and after curation": sum(self._text(size) for size in self.corpora.values()),
            "encoded corpora": sum(self._encoded(size) for size in self.corpora.values()),
            f"checkpoints of {num_stages} stages, with optimizer state": num_stages * self.model.checkpoint_bytes,
            "kept checkpoints": kept * 4 * self.model.num_parameters,
            "restart points while a stage runs": (training.restart_points + 1) * self.model.checkpoint_bytes,
        }

    def _text(self, size: Size) -> float:
        held = size.holding
        return TEXT_COPIES * held.num_tokens * self.study.plan.bytes_a_token / TEXT_COMPRESSION if held else 0.0

    def _encoded(self, size: Size) -> float:
        width = 2 if self.vocabulary <= 1 << 16 else 4
        held = size.holding
        return held.num_tokens * (width + 1) + held.num_documents * 8 if held else 0.0


def plan_arm(study: Study, store: Store) -> ArmPlan:
    """Plan one arm. Raises UserError for a model that cannot be built."""
    sizes, words = Sizes(study, store), vocabulary(study)
    stretches = [
        _stretch(name, config, training, sizes, _footprint(study.model, words, config.sequence_length))
        for name, config, training in _parts(study)
    ]
    return ArmPlan(study=study, vocabulary=words, stretches=tuple(stretches))


def vocabulary(study: Study) -> int:
    """Words of the tokenizer, or of the model where only that is known before the tokenizer is there."""
    own = study.model.extra.get("vocab_size")
    if isinstance(own, int):
        return own
    return _words(study.tokenizer, study.rung.vocabulary if study.rung else 0)


def distinct_hours(plans: Iterable[ArmPlan]) -> float:
    """GPU-hours of several arms, stretches that they share counted once."""
    hours: dict[str, float] = {}
    for plan in plans:
        trail = plan.study.model.model_dump_json() + plan.study.optimizer.model_dump_json()
        for stretch in plan.stretches:
            trail += stretch.config.model_dump_json() + stretch.training.model_dump_json()
            hours[trail] = stretch.gpu_hours(plan.study.plan)
    return sum(hours.values())


def _words(tokenizer: Tokenizer, of_rung: int) -> int:
    if tokenizer.kind == "world":
        return len(WORDS) + _MARKS
    return tokenizer.vocab_size or of_rung


def _parts(study: Study) -> Iterator[tuple[str, Mixing, Training]]:
    for name, phase in study.phases.items():
        yield name, phase_mixing(study, phase, name), study.training
    if study.sft.budget:
        yield "sft", sft_mixing(study, "sft"), study.sft.training


def _stretch(name: str, config: Mixing, training: Training, sizes: Sizes, model: Footprint) -> Stretch:
    rows = tuple(_row(config, corpus, planned, sizes) for corpus, planned in plan_counts(config).items())
    known = [
        planned_source(config, row.corpus, row.planned, row.size.holding)
        for row in rows
        if row.size.holding is not None and row.size.holding.num_units > 0 and not row.is_part
    ]
    return Stretch(name=name, config=config, training=training, rows=rows, model=model, short=shortfall(config, known))


def _row(config: Mixing, corpus: str, planned: int, sizes: Sizes) -> SourceRow:
    size = sizes.of(corpus, config)
    held = size.holding
    passes = wanted = None
    if held is not None and held.num_units:
        passes, wanted = planned / held.num_units, wanted_passes(config, corpus, planned, held.num_units)
    share = float(shares_of(config)[corpus])
    return SourceRow(
        corpus=corpus, share=share, planned=planned, size=size, passes=wanted or passes, is_part=wanted is not None
    )


@lru_cache(maxsize=32)
def _cached_footprint(model: str, words: int, sequence_length: int) -> Footprint:
    return footprint(Model.model_validate_json(model), words, sequence_length)


def _footprint(model: Model, words: int, sequence_length: int) -> Footprint:
    return _cached_footprint(model.model_dump_json(), words, sequence_length)
