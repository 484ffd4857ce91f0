"""A response surface: what a model scores, by which data came early and which late. First cut.

    score = block + a early + b early^2 + sum over traits t of (c_t early_t + d_t late_t) + noise

early: the share of all reasoning tokens that came in pretraining. early_t, late_t: shares weighted with how much of a
trait (diversity, quality, depth; from 0 to 1) their corpora have. A block is one seed of one sweep: its problems and
trunk are common to its arms, so only differences within blocks are fitted (ordinary least squares, statsmodels).
Amounts enter as shares of each sweep's own total: another total is not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import statsmodels.api as sm

from pipeline.core.errors import UserError

Traits = Mapping[str, Mapping[str, float]]  # corpus -> trait -> 0 to 1
Shares = Mapping[str, float]  # corpus -> share of all reasoning tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One arm at one seed."""

    arm: str
    block: str  # sweep and seed
    early: Shares
    late: Shares
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A fitted surface: coefficients of `terms` (K), their covariance (K, K), and what the data left open."""

    traits: Traits
    terms: tuple[str, ...]
    aliased: tuple[str, ...]  # cannot be told from the terms before them by these arms
    coefficients: np.ndarray
    covariance: np.ndarray
    noise: float  # residual standard deviation, in points
    degrees: int
    centre: np.ndarray  # mean of the terms over the observations (K,)

    def rows(self, early: Sequence[Shares], late: Sequence[Shares]) -> np.ndarray:
        """Terms of allocations, float (N, K)."""
        every = [features(*pair, self.traits) for pair in zip(early, late, strict=True)]
        return np.array([[each[term] for term in self.terms] for each in every])


def features(early: Shares, late: Shares, traits: Traits) -> dict[str, float]:
    """Every term of one allocation. Raises UserError for a corpus whose traits are not known."""
    for corpus in (*early, *late):
        if corpus not in traits:
            raise UserError(f"the sweep's pools do not know corpus '{corpus}'; give its traits there")
    share = sum(early.values())
    found = {"early": share, "early^2": share**2}
    for trait in dict.fromkeys(trait for each in traits.values() for trait in each):
        for when, shares in (("early", early), ("late", late)):
            found[f"{when} {trait}"] = sum(each * traits[corpus].get(trait, 0.0) for corpus, each in shares.items())
    return found


def fit(observations: Sequence[Observation], traits: Traits) -> Surface:
    """The surface of these observations. Raises UserError where they are too few for a spread."""
    every = [features(each.early, each.late, traits) for each in observations]
    blocks = _blocks(observations)
    names = list(every[0]) if every else []
    columns = {name: np.array([each[name] for each in every]) for name in names}
    terms = _estimable(blocks, columns)
    degrees = len(observations) - blocks.shape[1] - len(terms)
    if not terms or degrees < 2:
        raise UserError(
            f"{len(observations)} results of {len({each.arm for each in observations})} arms are too few for a surface "
            "with its uncertainty; run more arms or seeds of the sweep"
        )
    matrix = np.column_stack([*(columns[name] for name in terms), blocks])
    result: Any = sm.OLS(np.array([each.score for each in observations]), matrix).fit()
    kept = len(terms)
    return Surface(
        traits=traits,
        terms=tuple(terms),
        aliased=tuple(name for name in names if name not in terms),
        coefficients=np.asarray(result.params)[:kept],
        covariance=np.asarray(result.cov_params())[:kept, :kept],
        noise=float(np.sqrt(result.scale)),
        degrees=degrees,
        centre=matrix[:, :kept].mean(axis=0),
    )


def _blocks(observations: Sequence[Observation]) -> np.ndarray:
    names = list(dict.fromkeys(each.block for each in observations))
    return np.array([[float(each.block == name) for name in names] for each in observations]).reshape(-1, len(names))


def _estimable(blocks: np.ndarray, columns: Mapping[str, np.ndarray]) -> list[str]:
    """Terms that can be told from the blocks and from the terms before them."""
    matrix = blocks
    kept: list[str] = []
    for name, column in columns.items():
        wider = np.column_stack([matrix, column])
        if np.linalg.matrix_rank(wider, tol=1e-8) > np.linalg.matrix_rank(matrix, tol=1e-8):
            matrix = wider
            kept.append(name)
    return kept
