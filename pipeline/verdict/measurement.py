"""What a claim's checkpoints say at every seed: its contrasts, what is not matched, what is above guessing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.verdict import inference
from pipeline.verdict.config import Claim, Claims
from pipeline.verdict.contrasts import Rates, Shelf, Side, above_guessing, contrast_at
from pipeline.verdict.groups import check_group
from pipeline.verdict.ledgers import compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A claim at one choice of learning rates: per part its contrasts by seed."""

    values: tuple[Mapping[int, float], ...]
    broken: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    sides: tuple[Mapping[int, Side], ...] = ()
    best_above_guessing: float = inference.NAN  # points, of the best checkpoint and family; NaN where nothing guesses


def measure(config: Claims, name: str, shelf: Shelf, chosen: Rates) -> Measurement:
    """A claim's contrasts at every seed that has them; what is not matched."""
    claim = config.claims[name]
    for group in (claim.group, *([claim.against] if claim.against else [])):
        check_group(group, f"claim {name}")
    contrasts = claim.parts
    sides = [shelf.sides(contrast, chosen) for contrast in contrasts]
    shared = sorted(set.intersection(*(set(part) for part in sides)))  # so that all parts stand on the same seeds
    matching = [
        compare(claim, contrast, [part[seed] for seed in shared], config.tolerance)
        for contrast, part in zip(contrasts, sides, strict=True)
    ]
    return Measurement(
        values=tuple(
            {seed: contrast_at(claim, contrast, part[seed], f"claim {name}") for seed in shared}
            for contrast, part in zip(contrasts, sides, strict=True)
        ),
        broken=tuple(dict.fromkeys(says for each in matching for says in each.broken)),
        unnamed=tuple(dict.fromkeys(says for each in matching for says in each.unnamed)),
        sides=tuple({seed: part[seed] for seed in shared} for part in sides),
        best_above_guessing=_best_above_guessing(claim, [[part[seed] for seed in shared] for part in sides], name),
    )


def _best_above_guessing(claim: Claim, parts: Sequence[Sequence[Side]], name: str) -> float:
    """Mean over seeds first, so that no single lucky one counts."""
    if claim.metric != "accuracy" or not parts[0]:
        return inference.NAN
    return max(
        pd.concat([above_guessing(claim, contrast, side, f"claim {name}") for side in part], axis=1).mean(axis=1).max()
        for contrast, part in zip(claim.parts, parts, strict=True)
    )
