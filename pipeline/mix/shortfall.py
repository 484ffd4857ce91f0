"""Why a mix cannot be had: both numbers, and the smallest change of each dial that alone would do."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from pipeline.core.plan import PlannedSource
from pipeline.mix.config import Mixing, shares_of
from pipeline.mix.holdings import Holding


def shortfall(config: Mixing, sources: Sequence[PlannedSource]) -> str:
    """Why corpora would be read too often; empty where none would."""
    short = [source for source in sources if source.passes > config.max_repetitions[source.corpus]]
    return _too_often(config, short) if short else ""


def _too_often(config: Mixing, short: Sequence[PlannedSource]) -> str:
    unit, shares = config.unit.replace("_", " "), shares_of(config)
    source = short[0]
    cap = config.max_repetitions[source.corpus]
    held = round(source.unit_per_document * source.num_documents)
    budget = min(_largest_budget(config, each, shares[each.corpus]) for each in short)
    more = (
        f" (and {len(short) - 1} more are short: {', '.join(each.corpus for each in short[1:])})" if short[1:] else ""
    )
    return (
        f"corpus {source.corpus!r} would be read {source.passes:.2f} times, "
        f"max_repetitions is {cap:g} "
        f"({source.planned} {unit} planned, {held} held); set max_repetitions={ceil(source.passes * 100) / 100:g}, "
        f"or the budget to at most {budget}, or make {ceil(source.planned / cap)} {unit} of it{more}"
    )


def _largest_budget(config: Mixing, source: PlannedSource, share: Fraction) -> int:
    held = round(source.unit_per_document * source.num_documents)
    return floor(floor(held * Fraction(config.max_repetitions[source.corpus])) / share)


def too_small(config: Mixing, corpus: str, planned: int, passes: float, holding: Holding) -> str:
    """Why a corpus cannot be read so often: it is too small."""
    unit = config.unit.replace("_", " ")
    least = ceil(planned / holding.num_units * 100) / 100
    return (
        f"corpus {corpus!r} read {passes:.3g} times would need {ceil(planned / passes)} {unit}, and it holds "
        f"{holding.num_units}; ask for {least:g} passes or more, or make {ceil(planned / passes)} {unit} of it"
    )
