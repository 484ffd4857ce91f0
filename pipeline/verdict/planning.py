"""From pilot runs to plans: how many seeds each claim's contrasts need."""

from collections.abc import Sequence

from pipeline.core.errors import UserError
from pipeline.verdict import inference, power, rates
from pipeline.verdict.config import Claims
from pipeline.verdict.contrasts import Shelf
from pipeline.verdict.decide import fewest_seeds
from pipeline.verdict.measurement import measure
from pipeline.verdict.power import Plan
from pipeline.verdict.results import Measured


def plans(config: Claims, pilots: Sequence[Measured], *, only: str | None = None) -> tuple[list[Plan], list[str]]:
    """A plan for each contrast with a spread, and a line for each claim without one.

    alpha is what the last claim of Holm's row would get, so that a primary claim is not planned too small. The
    effect at the pilots is not used: only how much it varies. Raises UserError where nothing was measured.
    """
    if not pilots:
        raise UserError("no checkpoint of this sweep was evaluated; run it at its pilot seeds first")
    shelf = Shelf.of(pilots)
    found: list[Plan] = []
    untold: list[str] = []
    for name, claim in config.claims.items():
        if only not in (None, name):
            continue
        if claim.after == "rl":
            untold.append(f"{name}: not run, there is no RL stage yet")
            continue
        measured = measure(config, name, shelf, rates.common(claim.checkpoints))
        alpha = config.alpha / (config.num_primary if claim.primary else 1)
        for text, values in zip(claim.contrast, measured.values, strict=True):
            part = f"{name}: {text}"
            if not inference.estimate(list(values.values())).has_spread:
                untold.append(f"{part}: {len(values)} pilot seeds without a spread; run two or more that differ")
                continue
            found.append(
                power.plan(
                    name, part, list(values.values()), matters=claim.matters,
                    planned=config.planned_seeds, alpha=alpha, power=config.power, fewest=fewest_seeds(config, claim),
                )
            )  # fmt: skip
    return found, untold
