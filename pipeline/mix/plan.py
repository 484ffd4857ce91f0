"""From weights and a budget to an exact plan over encoded corpora.

Reads each corpus's `train` shard; writes `plan.json` (`core.plan.MixPlan`) and `table.json` (the same, to be
looked at). Nothing is repeated beyond `max_repetitions`: a shortfall is an error with the numbers in it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import orjson

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.plan import MixPlan, PlannedSource, Subset
from pipeline.core.shard import Shard
from pipeline.core.track import Tracker
from pipeline.mix.config import Mixing, shares_of
from pipeline.mix.holdings import Counting, Holding, part, whole
from pipeline.mix.shortfall import shortfall, too_small
from pipeline.mix.table import table


def mix(config: Mixing, corpora: Mapping[str, Path], *, out: Path, track: Tracker) -> Ledger:
    """Write the plan of a mix into `out`.

    corpora: tokenized folders by name, at least those that the weights name.
    Raises UserError for a corpus that is unknown or empty, and where one would be read too often.
    """
    shards = {corpus: _open(corpus, corpora) for corpus in sorted(config.weights)}
    plan = make_plan(config, shards)
    plan.save(out / "plan.json")
    (out / "table.json").write_bytes(orjson.dumps(table(plan), option=orjson.OPT_INDENT_2))
    track.progress(1, 1, "plans")
    return Ledger()


def make_plan(config: Mixing, shards: Mapping[str, Shard]) -> MixPlan:
    """The plan of a mix; its sources stand in the order of their names.

    Raises UserError where a corpus holds nothing of the unit, or too little for the planned passes.
    """
    planned = plan_counts(config)
    sources = [_source(config, corpus, planned[corpus], shards[corpus]) for corpus in planned]
    return plan_of(config, sources)


def plan_of(config: Mixing, sources: Sequence[PlannedSource]) -> MixPlan:
    """The plan of a mix whose sources are known. Raises UserError where one would be read too often."""
    if short := shortfall(config, sources):
        raise UserError(short)
    return MixPlan(
        budget=config.budget,
        unit=config.unit,
        loss=config.loss,
        sequence_length=config.sequence_length,
        block_rows=config.block_rows,
        stream_key=config.stream_key,
        sources=tuple(sources),
    )


def plan_counts(config: Mixing) -> dict[str, int]:
    """How much of the unit each corpus is to give; the counts sum to the budget."""
    return apportion(config.budget, shares_of(config))


def apportion(budget: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole counts at the shares that sum to the budget: what rounding leaves goes to the largest remainders."""
    counts = {name: floor(budget * share) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: (counts[name] - budget * shares[name], name))
    for name in by_remainder[: budget - sum(counts.values())]:
        counts[name] += 1
    return counts


def planned_source(
    config: Mixing, corpus: str, planned: int, holding: Holding, subset: Subset | None = None
) -> PlannedSource:
    """One corpus of a plan, from what it holds."""
    return PlannedSource(
        corpus=corpus,
        share=float(shares_of(config)[corpus]),
        unit_per_document=holding.unit_per_document,
        num_documents=holding.num_documents,
        unique_tokens=holding.num_tokens,
        planned=planned,
        passes=planned / holding.num_units,
        variation=holding.variation,
        subset=subset,
    )


def wanted_passes(config: Mixing, corpus: str, planned: int, num_units: int) -> float | None:
    """How often a part of the corpus is to be read; None where all of it is used."""
    if corpus in config.passes:
        return config.passes[corpus]
    if corpus in config.target_budgets:
        return planned / num_units * config.target_budgets[corpus] / config.budget
    return None


def _source(config: Mixing, corpus: str, planned: int, shard: Shard) -> PlannedSource:
    counting = Counting(unit=config.unit, loss=config.loss, sequence_length=config.sequence_length)
    holding = whole(shard, counting)
    if holding.num_units <= 0:
        raise UserError(f"corpus {corpus!r} holds no {config.unit.replace('_', ' ')}; leave it out of the mix")
    passes = wanted_passes(config, corpus, planned, holding.num_units)
    if passes is None:
        return planned_source(config, corpus, planned, holding)
    needed = ceil(planned / passes)
    if needed > holding.num_units:
        raise UserError(too_small(config, corpus, planned, passes, holding))
    subset = Subset(num_documents=shard.num_documents, unique_tokens=shard.num_tokens, key=config.subset_key)
    drawn = part(shard, counting, needed, *subset.permutation(corpus))
    return planned_source(config, corpus, planned, drawn, subset)


def _open(corpus: str, corpora: Mapping[str, Path]) -> Shard:
    if corpus not in corpora:
        raise UserError(f"mix names corpus {corpus!r}, which is not there; choose from {', '.join(sorted(corpora))}")
    return Shard.open(corpora[corpus])
