"""At which SFT learning rate each checkpoint is judged: the common one, or the best of its cell on pilot seeds.

Pilot seeds are never result seeds, so that choosing the best costs the verdict nothing.
"""

from collections.abc import Iterable, Sequence

from pipeline.verdict.config import Claim
from pipeline.verdict.contrasts import Rate, Rates, Shelf, mean_of
from pipeline.verdict.expression import moment_of


def common(names: Iterable[str]) -> Rates:
    """Every fine-tuned checkpoint at its recipe's rate."""
    return {name: None if moment_of(name) == "pretrain" else "common" for name in names}


def best(claim: Claim, names: Sequence[str], pilots: Shelf, where: str) -> Rates | None:
    """Each at the rate with the highest mean over pilot seeds; None where a cell was not tried at two rates or more."""
    chosen: dict[str, Rate] = {}
    for name in names:
        if moment_of(name) == "pretrain":
            chosen[name] = None
            continue
        means = _means(claim, name, pilots, where)
        if len(means) < 2:
            return None
        chosen[name] = max(means, key=lambda rate: (means[rate], -rate))
    return chosen


def _means(claim: Claim, name: str, pilots: Shelf, where: str) -> dict[float, float]:
    """By rate, over the pilot seeds at which every rate was tried."""
    tried = {
        (seed, rate): each
        for (other, seed, rate), each in pilots.checkpoints.items()
        if other == name and isinstance(rate, float)
    }
    rates = sorted({rate for _, rate in tried})
    seeds = [seed for seed in sorted({seed for seed, _ in tried}) if all((seed, rate) in tried for rate in rates)]
    return {
        rate: sum(mean_of(claim, tried[seed, rate], where) for seed in seeds) / len(seeds) for rate in rates if seeds
    }
