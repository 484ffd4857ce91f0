"""Whether a surface foresees arms that it has not seen: each is left out once, with all its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.errors import UserError
from pipeline.verdict.surface import Observation, Surface, Traits, fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How well arms that were left out of the fit were foreseen, in points."""

    arms: int
    error: float  # root mean square of an arm's mean score within its block
    error_without: float  # the same for the mean of the other arms
    skipped: tuple[str, ...]  # arms without which the surface cannot be fitted


def cross_validate(observations: Sequence[Observation], traits: Traits) -> Check:
    """Leave out each arm with all its seeds, fit the rest, and foresee how far it stands from its blocks' others."""
    errors: list[float] = []
    without: list[float] = []
    skipped: list[str] = []
    for arm in dict.fromkeys(each.arm for each in observations):
        rest = [each for each in observations if each.arm != arm]
        own = [each for each in observations if each.arm == arm and any(each.block == other.block for other in rest)]
        full = fit(observations, traits)
        try:
            surface = fit(rest, traits)
        except UserError:
            skipped.append(arm)
            continue
        if not own or set(surface.terms) != set(full.terms):
            skipped.append(arm)  # only this arm tells one of the terms: the rest cannot foresee it
            continue
        truth = float(np.mean([each.score - _mean_beside(each, rest) for each in own]))
        foreseen = float(np.mean([_foresee(surface, each, rest) for each in own]))
        errors.append(foreseen - truth)
        without.append(truth)
    root = [float(np.sqrt(np.mean(np.square(each)))) if each else float("nan") for each in (errors, without)]
    return Check(arms=len(errors), error=root[0], error_without=root[1], skipped=tuple(skipped))


def _mean_beside(one: Observation, rest: Sequence[Observation]) -> float:
    return float(np.mean([each.score for each in rest if each.block == one.block]))


def _foresee(surface: Surface, one: Observation, rest: Sequence[Observation]) -> float:
    """How far an arm stands from the mean of its block's other arms, by the surface."""
    beside = [each for each in rest if each.block == one.block]
    others = surface.rows([each.early for each in beside], [each.late for each in beside]).mean(axis=0)
    own = surface.rows([one.early], [one.late])[0]
    return float((own - others) @ surface.coefficients)
