"""From a surface to advice: how to divide pools between pretraining and SFT, how sure, and which arm to run next."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.errors import UserError
from pipeline.verdict.advice_config import Asked
from pipeline.verdict.surface import Shares, Surface

MAX_POOLS = 3
_STEPS = {1: 40, 2: 20, 3: 10}  # of the grid over all shares, by the number of pools
_DRAWS = 2000
_NEAR = 1.0  # points: as good as the best


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """An allocation: shares of the budget by corpus."""

    early: Shares
    late: Shares

    @property
    def share_early(self) -> float:
        """Of the budget."""
        return sum(self.early.values())

    def says(self) -> str:
        """For people."""
        parts = [
            f"{share:.0%} {corpus} {when}" for when, shares in self._when for corpus, share in shares.items() if share
        ]
        return ", ".join(parts)

    @property
    def _when(self) -> tuple[tuple[str, Shares], tuple[str, Shares]]:
        return ("in pretraining", self.early), ("in SFT", self.late)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do, and how sure that is under the surface."""

    best: Division
    near_best: float  # the chance that it is within a point of the true best
    early: tuple[float, float]  # 80 % of the draws put so much of the budget early
    gains: dict[str, tuple[float, float, float]]  # over what else: mean and 95 % interval, in points
    next_arm: Division
    learns: float  # by how much that arm lowers the variance of what is still open, from 0 to 1


def advise(asked: Asked, surface: Surface, *, seed: int = 0) -> Advice:
    """Divide the pools. Raises UserError for too many pools, and for one whose traits the sweep does not state."""
    grid = divisions(asked, surface)
    rows = surface.rows([each.early for each in grid], [each.late for each in grid])
    draws = _draws(surface, seed)
    scores = rows @ draws.T  # (N, D)
    best = int(np.argmax(rows @ surface.coefficients))
    winners = np.argmax(scores, axis=0)
    shares = np.array([each.share_early for each in grid])
    low, high = np.quantile(shares[winners], [0.1, 0.9])
    chosen, learns = _next_arm(surface, rows, rows[best], winners)
    return Advice(
        best=grid[best],
        near_best=float(np.mean(scores.max(axis=0) - scores[best] <= _NEAR)),
        early=(float(low), float(high)),
        gains={
            name: _gain(scores, best, other) for name, other in _others(rows @ surface.coefficients, shares).items()
        },
        next_arm=grid[chosen],
        learns=learns,
    )


def divisions(asked: Asked, surface: Surface) -> list[Division]:
    """Every way to spend the budget on the grid that no pool is too small for."""
    pools = list(asked.pools)
    if len(pools) > MAX_POOLS:
        raise UserError(f"advice for {len(pools)} pools; give at most {MAX_POOLS}")
    unknown = [name for name in pools if name not in surface.traits]
    if unknown:
        raise UserError(f"the sweep does not know pool '{unknown[0]}'; choose from {', '.join(surface.traits)}")
    steps = _STEPS[len(pools)]
    found: list[Division] = []
    for counts in _compositions(steps, 2 * len(pools)):
        shares = [count / steps for count in counts]
        early, late = (dict(zip(pools, part, strict=True)) for part in (shares[: len(pools)], shares[len(pools) :]))
        if all(_is_there(asked, pool, early[pool] + late[pool]) for pool in pools):
            found.append(Division(early=early, late=late))
    if not found:
        raise UserError("no division on the grid fits the pools; raise advice.max_repetitions or lower advice.budget")
    return found


def _is_there(asked: Asked, pool: str, share: float) -> bool:
    return share * asked.budget <= asked.pools[pool] * asked.max_repetitions + 1e-9


def _compositions(total: int, parts: int) -> Sequence[tuple[int, ...]]:
    """Every way to write a total as so many counts."""
    bars = itertools.combinations(range(total + parts - 1), parts - 1)
    edges = (np.array([-1, *each, total + parts - 1]) for each in bars)
    return [tuple(int(count) for count in np.diff(each) - 1) for each in edges]


def _draws(surface: Surface, seed: int) -> np.ndarray:
    """Coefficients as the data leave them open, float (D, K): multivariate t."""
    rng = np.random.default_rng(seed)
    around = rng.multivariate_normal(np.zeros(len(surface.terms)), surface.covariance, size=_DRAWS, method="eigh")
    widened = around / np.sqrt(rng.chisquare(surface.degrees, size=(_DRAWS, 1)) / surface.degrees)
    return surface.coefficients + widened


def _others(means: np.ndarray, shares: np.ndarray) -> dict[str, int]:
    """What the best is held against: the best of all early and of all late, where the pools allow these."""
    found: dict[str, int] = {}
    for name, share in (("all early", 1.0), ("all late", 0.0)):
        at = np.flatnonzero(np.isclose(shares, share))
        if len(at):
            found[name] = int(at[np.argmax(means[at])])
    return found


def _gain(scores: np.ndarray, best: int, other: int) -> tuple[float, float, float]:
    gains = scores[best] - scores[other]
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(gains.mean()), float(low), float(high)


def _next_arm(surface: Surface, rows: np.ndarray, best: np.ndarray, winners: np.ndarray) -> tuple[int, float]:
    """The arm that would lower most the mean variance of (what a draw calls best) minus (what we call best).

    Measuring x once lowers the covariance C to C - C x x' C / (noise^2 + x' C x), x as it stands from the mean of the
    arms that there are: every arm is seen beside the others of its block.
    """
    open_ones = rows[winners] - best  # (D, K)
    candidates = rows - surface.centre
    spread = candidates @ surface.covariance  # (N, K)
    variance = np.einsum("nk,nk->n", spread, candidates)
    lowered = ((open_ones @ spread.T) ** 2).mean(axis=0) / (surface.noise**2 + variance)
    before = float(np.einsum("dk,kl,dl->d", open_ones, surface.covariance, open_ones).mean())
    chosen = int(np.argmax(lowered))
    return chosen, float(lowered[chosen] / before) if before > 0 else 0.0
