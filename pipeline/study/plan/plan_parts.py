"""What a plan says of an arm, of its stretches of training, and of the corpora that they read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.lm.config import Training
from pipeline.mix.config import Mixing
from pipeline.study.config.machine import Machine
from pipeline.study.config.schema import Study
from pipeline.study.nodes.sizes import Size

if TYPE_CHECKING:  # it loads torch, and every command line comes by here
    from pipeline.lm.models.footprint import Footprint

TEXT_COPIES = 2  # of sources and of curate, as Parquet
TEXT_COMPRESSION = 2.5  # about what zstd makes of prose


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
    model: "Footprint"
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
    def model(self) -> "Footprint":
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
