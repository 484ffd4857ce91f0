"""From the per-seed contrasts of a sweep's claims to their verdicts, under one correction.

Three p-values a claim: of what it says (`holds`), of its opposite (`fails`), of no difference that matters (`same`).
Primary claims are corrected by Holm, the first two together and `same` by itself: only one of these can be wrong for
any one truth, so the chance of any wrong primary verdict stays at alpha. Exploratory claims are not corrected.

Families switch on or off, so that few seeds often show the same number of them, up to the noise of sampling, and t is
then too sure: with four families and three seeds any of four corrected claims is a false alarm in 8 % of the
simulations (`benchmarks/verdicts.py`), with five in less than 5 %. A corrected claim is therefore undecided below
FEWEST_CORRECTED seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.verdict import inference
from pipeline.verdict.config import Claim, Claims
from pipeline.verdict.inference import Estimate
from pipeline.verdict.power import seeds_needed

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
SAME = "no difference within the margin"
UNDECIDED = "undecided"
FLOOR = "undecided: at the floor"
NOT_RUN = "not run"
REFUSED = "refused: not matched"
BY_RATE = "depends on the learning rate"
FEWEST_CORRECTED = 5  # seeds
DECIDED = (SUPPORTED, CONTRADICTED, SAME)
Values = Sequence[Sequence[float]]  # of each part of the claim, one contrast a seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and what it rests on."""

    verdict: str
    estimate: Estimate  # of the part that decides: the one furthest from what the claim says
    p: float  # the smaller of `holds` and `fails`, corrected where the claim is primary; NaN where nothing was tested
    needs_seeds: int | None  # more, for a verdict; None where none are needed or none would do
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Tested:
    holds: float
    fails: float
    same: float


def decide(claims: Claims, values: Mapping[str, Values]) -> dict[str, Decision]:
    """A decision for each claim that has values. A claim that cannot be tested takes no part in the correction."""
    tested = {
        name: _test(claims.claims[name], parts)
        for name, parts in values.items()
        if all(inference.estimate(part).has_spread for part in parts)
    }
    p_values = _corrected(claims, {name: min(test.holds, test.fails) for name, test in tested.items()})
    same = _corrected(claims, {name: test.same for name, test in tested.items()})
    return {
        name: _decide(claims, name, parts, tested[name], p_values[name], same[name])
        if name in tested
        else _untestable(parts)
        for name, parts in values.items()
    }


def fewest_seeds(claims: Claims, claim: Claim) -> int:
    """Below which a claim is not judged."""
    return FEWEST_CORRECTED if claim.primary and claims.num_primary > 1 else 2


def _corrected(claims: Claims, p_values: Mapping[str, float]) -> dict[str, float]:
    primary = [name for name in p_values if claims.claims[name].primary]
    adjusted = inference.holm([p_values[name] for name in primary])
    return {**p_values, **dict(zip(primary, adjusted, strict=True))}


def _test(claim: Claim, parts: Values) -> _Tested:
    """Several parts must all hold: the largest p counts; that one fails is enough: the smallest, times their number."""
    tests = [_test_part(claim, [_sign(claim) * value for value in part]) for part in parts]
    return _Tested(
        holds=max(test.holds for test in tests),
        fails=min(1.0, len(tests) * min(test.fails for test in tests)),
        same=max(test.same for test in tests),
    )


def _test_part(claim: Claim, values: Sequence[float]) -> _Tested:
    """values: turned so that `above` and `not above` are what is asked."""
    mean = inference.estimate(values).mean
    different = inference.p_difference(values)
    if claim.expects == "same":
        return _Tested(inference.p_within(values, claim.matters), inference.p_beyond(values, claim.matters), 1.0)
    if claim.expects.startswith("not"):
        return _Tested(inference.p_less(values, claim.matters), different if mean > 0 else 1.0, 1.0)
    within = inference.p_within(values, claim.matters)
    return _Tested(different, 1.0, within) if mean > 0 else _Tested(1.0, different, within)


def _sign(claim: Claim) -> float:
    return -1.0 if claim.expects.endswith("below") else 1.0


def _decide(claims: Claims, name: str, parts: Values, test: _Tested, p: float, same: float) -> Decision:
    claim = claims.claims[name]
    found = _furthest(claim, parts)
    few = fewest_seeds(claims, claim) - found.seeds
    if few > 0:
        note = f"a claim that shares the correction is judged from {fewest_seeds(claims, claim)} seeds on"
        return Decision(verdict=UNDECIDED, estimate=found, p=p, needs_seeds=few, note=note)
    if same < claims.alpha:
        beyond = " (told apart from 0, but smaller than what matters)" if p < claims.alpha else ""
        note = f"the effect lies within {claim.matters:g}{beyond}"
        return Decision(verdict=SAME, estimate=found, p=p, needs_seeds=None, note=note)
    if p < claims.alpha:
        verdict = SUPPORTED if test.holds <= test.fails else CONTRADICTED
        return Decision(verdict=verdict, estimate=found, p=p, needs_seeds=None)
    alpha = claims.alpha / (claims.num_primary if claim.primary else 1)
    needed = seeds_needed(found.mean, claim.matters, found.sd, alpha=alpha, power=claims.power)
    more = None if needed is None else max(1, needed - found.seeds)
    note = "more seeds than are worth it" if more is None else f"needs about {more} more seed{'s' * (more != 1)}"
    return Decision(verdict=UNDECIDED, estimate=found, p=p, needs_seeds=more, note=note)


def _furthest(claim: Claim, parts: Values) -> Estimate:
    """The part that decides."""
    estimates = [inference.estimate(part) for part in parts]
    return min(estimates, key=lambda each: _sign(claim) * each.mean)


def _untestable(parts: Values) -> Decision:
    """One seed, or seeds that all say the same: a number out of nothing is no verdict."""
    found = next(each for each in map(inference.estimate, parts) if not each.has_spread)
    if found.seeds < 2:
        note = (
            f"{found.seeds} seed{'s' * (found.seeds != 1)}: nothing tells how much another would differ; run 2 or more"
        )
    else:
        note = f"no spread: all {found.seeds} seeds give {found.mean:.4g}, as at the floor or the ceiling"
    return Decision(verdict=UNDECIDED, estimate=found, p=inference.NAN, needs_seeds=None, note=note)
