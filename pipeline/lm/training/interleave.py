"""How the sources of a plan stand in a block: how many documents of each, and its rows in which order.

C = sources, R = rows of a block, P = pieces.
"""

from fractions import Fraction

import numpy as np

from pipeline.core.plan import MixPlan
from pipeline.lm.training.packing import Packing, ramps


def documents_per_block(plan: MixPlan) -> list[Fraction]:
    """How many documents of each source a block holds, exactly.

    In proportion share / (unit per document), scaled such that a block holds `block_rows` rows of tokens.
    """
    rates = [Fraction(source.share) / Fraction(source.unit_per_document) for source in plan.sources]
    tokens = sum(
        (
            rate * Fraction(source.unique_tokens, source.num_documents)
            for rate, source in zip(rates, plan.sources, strict=True)
        ),
        Fraction(0),
    )
    return [rate * plan.block_rows * plan.sequence_length / tokens for rate in rates]


def segments_of(packing: Packing) -> np.ndarray:
    """Number of each piece within its row, from left to right: int64 (P,)."""
    order = np.lexsort((packing.columns, packing.rows))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = ramps(np.bincount(packing.rows, minlength=packing.num_rows))
    return numbers


def even_places(row_tokens: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Order rows such that running totals stay within about a row of the block's shares.

    Each time the row is taken that brings the totals nearest; the permutation `chance` decides between equals.
    row_tokens: (R, C), tokens of each source in each row. Returns int64 (R,): the place of each row.
    """
    shuffled = row_tokens[chance]
    shares = shuffled.sum(axis=0) / max(shuffled.sum(), 1)
    surplus = shuffled - shuffled.sum(axis=1, keepdims=True) * shares
    running = np.zeros(len(shares))
    places = np.empty(len(chance), np.int64)
    for place in range(len(chance)):
        taken = int(np.argmin(((running + surplus) ** 2).sum(axis=1)))
        running += surplus[taken]
        surplus[taken] = np.inf  # not to be taken again
        places[chance[taken]] = place
    return places
