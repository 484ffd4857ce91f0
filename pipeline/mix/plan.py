"""From weights and a budget to an exact plan over encoded corpora.

Reads each corpus's `train` shard; writes `plan.json` (`core.plan.MixPlan`) and `table.json` (the same, to be
looked at). Nothing is repeated beyond `max_repetitions`: a shortfall is an error with the numbers in it.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipeline.core.duration import format_count
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.plan import LossRule, MixPlan, PlannedSource
from pipeline.core.shard import Shard
from pipeline.core.track import Tracker
from pipeline.mix.config import Mixing


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
    total = sum(Fraction(weight) for weight in config.weights.values())
    shares = {corpus: Fraction(config.weights[corpus]) / total for corpus in sorted(config.weights)}
    planned = apportion(config.budget, shares)
    sources = [_source(config, corpus, float(shares[corpus]), planned[corpus], shards[corpus]) for corpus in shares]
    for source in sources:
        if source.passes > config.max_repetitions[source.corpus]:
            raise UserError(_shortfall(config, source, shares[source.corpus]))
    return MixPlan(
        budget=config.budget,
        unit=config.unit,
        loss=config.loss,
        sequence_length=config.sequence_length,
        block_rows=config.block_rows,
        stream_key=config.stream_key,
        sources=tuple(sources),
    )


def apportion(budget: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole counts at the shares that sum to the budget: what rounding leaves goes to the largest remainders."""
    counts = {name: floor(budget * share) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: (counts[name] - budget * shares[name], name))
    for name in by_remainder[: budget - sum(counts.values())]:
        counts[name] += 1
    return counts


def count_targets(shard: Shard, rule: LossRule, sequence_length: int) -> int:
    """Tokens of one pass that carry loss; the first token of a document, or of a row that cuts one, never does."""
    starts = shard.starts.astype(np.int64)
    num_pieces = -(-(shard.ends.astype(np.int64) - starts) // sequence_length)
    if rule == "all":
        return shard.num_tokens - int(num_pieces.sum())
    first_pieces = np.cumsum(num_pieces) - num_pieces
    within = np.arange(int(num_pieces.sum())) - np.repeat(first_pieces, num_pieces)
    openings = np.repeat(starts, num_pieces) + within * sequence_length
    return int(shard.loss.sum()) - int(shard.loss[openings].sum())


def table(plan: MixPlan) -> list[dict[str, Any]]:
    """One row per corpus: asked share, planned count, what the corpus holds, passes over it."""
    return [
        {
            "corpus": source.corpus,
            "share": round(source.share, 6),
            plan.unit: source.planned,
            "unique_tokens": source.unique_tokens,
            "unique_documents": source.num_documents,
            f"{plan.unit}_per_document": round(source.unit_per_document, 3),
            "passes": round(source.passes, 4),
        }
        for source in plan.sources
    ]


def show(plan: MixPlan) -> str:
    """The plan as a table to be printed before anything runs."""
    unit = plan.unit.replace("_", " ")
    lines = [f"{'corpus':<12} {'share':>7} {unit:>12} {'unique tokens':>14} {'documents':>10} {'passes':>7}"]
    lines += [
        f"{source.corpus:<12} {source.share:>7.1%} {format_count(source.planned):>12} "
        f"{format_count(source.unique_tokens):>14} {format_count(source.num_documents):>10} {source.passes:>7.2f}"
        for source in plan.sources
    ]
    return "\n".join([*lines, f"{'all':<12} {1:>7.1%} {format_count(plan.budget):>12}"])


def _source(config: Mixing, corpus: str, share: float, planned: int, shard: Shard) -> PlannedSource:
    is_loss = config.unit == "loss_tokens"
    num_units = count_targets(shard, config.loss, config.sequence_length) if is_loss else shard.num_tokens
    if num_units <= 0:
        raise UserError(f"corpus {corpus!r} holds no {config.unit.replace('_', ' ')}; leave it out of the mix")
    return PlannedSource(
        corpus=corpus,
        share=share,
        unit_per_document=num_units / shard.num_documents,
        num_documents=shard.num_documents,
        unique_tokens=shard.num_tokens,
        planned=planned,
        passes=planned / num_units,
    )


def _shortfall(config: Mixing, source: PlannedSource, share: Fraction) -> str:
    """Both numbers, and the smallest change of each dial that alone would do."""
    unit = config.unit.replace("_", " ")
    cap = config.max_repetitions[source.corpus]
    held = round(source.unit_per_document * source.num_documents)
    budget = floor(held * Fraction(cap) / share)
    return (
        f"corpus {source.corpus!r} would be read {source.passes:.2f} times, "
        f"max_repetitions is {cap:g} "
        f"({source.planned} {unit} planned, {held} held); set max_repetitions={ceil(source.passes * 100) / 100:g}, "
        f"or the budget to at most {budget}, or make {ceil(source.planned / cap)} {unit} of it"
    )


def _open(corpus: str, corpora: Mapping[str, Path]) -> Shard:
    if corpus not in corpora:
        raise UserError(f"mix names corpus {corpus!r}, which is not there; choose from {', '.join(sorted(corpora))}")
    return Shard.open(corpora[corpus])
