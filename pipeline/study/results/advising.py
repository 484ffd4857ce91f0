"""`stage=advise`: how to divide pools of reasoning data, from what a sweep (and those it learns from) measured."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hydra import compose
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.ledger import SourceUse
from pipeline.study.config.allocation import LATE_PHASE
from pipeline.study.config.parsing import parse
from pipeline.study.config.schema import Study, Sweep
from pipeline.study.config.sweep import Point, compose_arms, points
from pipeline.study.results.claimed import own_settings
from pipeline.study.results.measured import at_seeds, measured_last
from pipeline.study.terminal import say
from pipeline.verdict.results import Measured

if TYPE_CHECKING:
    from pipeline.verdict.surface import Observation

Arm = tuple[Point, Study]
EXAMPLE = "'advice={pools: {ldq: 1M, shq: 200k}, budget: 1.3M}'"


def show_advice(arms: Sequence[Arm], console: Console) -> None:
    """Fit, check and advise. Raises UserError without a sweep that states its pools, or where too little was run."""
    from pipeline.verdict.advice import advise
    from pipeline.verdict.left_out import cross_validate
    from pipeline.verdict.surface import fit

    study = arms[0][1]
    sweep = study.sweep
    if sweep is None or not sweep.pools:
        raise UserError("stage=advise learns from a sweep that states its pools; give sweep=budget")
    if study.advice is None:
        raise UserError(f"stage=advise needs to know the pools; give {EXAMPLE}")
    observed = [each for name in (sweep.name, *sweep.learns_from) for each in _observe(name, sweep, arms)]
    surface, check = fit(observed, sweep.pools), cross_validate(observed, sweep.pools)
    for line in _fitted(len(observed), surface.terms, surface.aliased, surface.noise):
        say(console, line)
    say(
        console,
        f"left out one by one, {check.arms} arms were foreseen within {check.error:.1f} points "
        f"({check.error_without:.1f} by the mean of the others)",
    )
    if check.skipped:
        say(console, f"not checked, the surface rests on them: {', '.join(check.skipped)}")
    if not check.error < check.error_without:
        say(console, "the surface foresees no better than a mean: what follows is not to be relied on")
    advice = advise(study.advice, surface)
    say(console, f"advice: {advice.best.says()}")
    say(console, f"within a point of the best with a chance of {advice.near_best:.0%}, if the surface is right")
    say(console, f"early share of the best, 80 % of the draws: {advice.early[0]:.0%} to {advice.early[1]:.0%}")
    for name, (mean, low, high) in advice.gains.items():
        say(console, f"over {name}: {mean:+.1f} points ({low:+.1f} to {high:+.1f})")
    say(console, f"next arm: {advice.next_arm.says()} (lowers what is open by {advice.learns:.0%} a seed)")


def _fitted(count: int, terms: Sequence[str], aliased: Sequence[str], noise: float) -> Iterator[str]:
    yield f"{count} results, residual spread {noise:.1f} points; terms: {', '.join(terms)}"
    if aliased:
        yield f"these arms cannot tell apart, and so leave out: {', '.join(aliased)}"


def _observe(name: str, sweep: Sweep, arms: Sequence[Arm]) -> Iterator["Observation"]:
    from pipeline.verdict.config import Claim
    from pipeline.verdict.contrasts import mean_of
    from pipeline.verdict.surface import Observation

    primary = Claim(says="score", contrast=("a - b",), after="pretrain", expects="above", matters=1, differs=("data",))
    found = arms if name == sweep.name else _arms_of(name, arms)
    for point, study in found:
        if study.seed in sweep.pilots:
            continue
        for checkpoint in measured_last([(point, study)]):
            early, late = shares_of(checkpoint)
            if early or late:
                settings = own_settings(point, study)
                yield Observation(
                    arm=f"{name}: {', '.join(settings.values())}", block=f"{name} seed {study.seed}",
                    early=early, late=late, score=mean_of(primary, checkpoint, name),
                )  # fmt: skip


def _arms_of(name: str, arms: Sequence[Arm]) -> list[Arm]:
    """Another sweep's arms at the same seeds and in the same store."""
    first = arms[0][1].context
    fixed = [f"sweep={name}", f"store={first.store}", f"results={first.results}"]
    sweep = parse(compose("config", overrides=fixed)).sweep
    assert sweep is not None
    return at_seeds(compose_arms(points(sweep, fixed)), sorted({study.seed for _, study in arms}))


def shares_of(checkpoint: Measured) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of all reasoning tokens by corpus: of pretraining, and of what came after it."""
    parts: tuple[dict[str, float], dict[str, float]] = {}, {}
    for stage in checkpoint.stages:
        is_late = stage.key in ("sft", f"pretrain:{LATE_PHASE}")
        for corpus, use in stage.ledger.sources.items():
            if corpus not in checkpoint.base:
                _add(parts[is_late], corpus, use)
    total = sum(sum(part.values()) for part in parts)
    early, late = ({corpus: tokens / total for corpus, tokens in part.items()} for part in parts)
    return early, late


def _add(part: dict[str, float], corpus: str, use: SourceUse) -> None:
    part[corpus] = part.get(corpus, 0.0) + use.tokens
