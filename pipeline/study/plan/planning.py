"""What an arm would take, from its configuration alone: tokens and passes by source, FLOPs, GPU-hours, memory, disk.

Nothing is built, read from the network or written. Corpora count as the store has them, else as their files declare.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.core.store import Store
from pipeline.lm.config import Model, Training
from pipeline.mix.config import Mixing, shares_of
from pipeline.mix.plan import plan_counts, planned_source, wanted_passes
from pipeline.mix.shortfall import shortfall
from pipeline.study.config.schema import Study
from pipeline.study.config.word_count import num_words
from pipeline.study.nodes.blend import phase_mixing, sft_mixing
from pipeline.study.nodes.sizes import Sizes
from pipeline.study.plan.plan_parts import ArmPlan, SourceRow, Stretch
from pipeline.tokenize.config import Tokenizer

if TYPE_CHECKING:  # it loads torch, and every command line comes by here
    from pipeline.lm.models.footprint import Footprint


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
    return num_words(tokenizer) or of_rung


def _parts(study: Study) -> Iterator[tuple[str, Mixing, Training]]:
    for name, phase in study.phases.items():
        yield name, phase_mixing(study, phase, name), study.training
    if study.sft.budget:
        yield "sft", sft_mixing(study, "sft"), study.sft.training


def _stretch(name: str, config: Mixing, training: Training, sizes: Sizes, model: "Footprint") -> Stretch:
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
def _cached_footprint(model: str, words: int, sequence_length: int) -> "Footprint":
    from pipeline.lm.models.footprint import footprint

    return footprint(Model.model_validate_json(model), words, sequence_length)


def _footprint(model: Model, words: int, sequence_length: int) -> "Footprint":
    return _cached_footprint(model.model_dump_json(), words, sequence_length)
