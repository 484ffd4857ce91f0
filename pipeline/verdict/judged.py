"""The judging itself: what each claim's checkpoints say at every seed, matched or not, then all decisions together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.verdict import decide, inference, rates
from pipeline.verdict.config import Claim, Claims
from pipeline.verdict.contrasts import Rate, Rates, Shelf
from pipeline.verdict.decide import Decision
from pipeline.verdict.measurement import Measurement, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claim with its verdict."""

    name: str
    claim: Claim
    decision: Decision
    at_common: Measurement
    at_best: Measurement | None = None
    best_rates: Rates = field(default_factory=dict[str, Rate])
    note: str = ""

    @property
    def unmatched(self) -> tuple[str, ...]:
        """What differs although the claim does not say so, or says that it does not."""
        return (*self.at_common.broken, *self.at_common.unnamed)

    @property
    def drift(self) -> set[str]:
        """How committed results among those used were made otherwise than today's."""
        return {
            why
            for part in self.at_common.sides
            for side in part.values()
            for each in side.values()
            for why in each.drift
        }

    @property
    def fingerprints(self) -> dict[int, dict[str, str]]:
        """Of the evals behind the verdict, by seed and checkpoint."""
        found: dict[int, dict[str, str]] = {}
        for part in self.at_common.sides:
            for seed, side in part.items():
                found.setdefault(seed, {}).update({name: each.evaluation.fingerprint for name, each in side.items()})
        return found


def judge(config: Claims, results: Shelf, pilots: Shelf) -> list[Judged]:
    """Every claim, in the order of the sweep. Raises UserError for groups that cannot be had."""
    asked = {name: claim for name, claim in config.claims.items() if claim.after != "rl"}
    measured = {name: measure(config, name, results, rates.common(claim.checkpoints)) for name, claim in asked.items()}
    decisions = _decisions(config, measured)
    best_rates = {name: _best(name, claim, pilots) for name, claim in asked.items()}
    at_best = {name: measure(config, name, results, chosen) for name, chosen in best_rates.items() if chosen}
    best_decisions = _decisions(config, {**measured, **at_best})
    judged: list[Judged] = []
    for name, claim in config.claims.items():
        if name not in asked:
            judged.append(_not_run(name, claim, "there is no RL stage yet"))
            continue
        first = Judged(
            name=name, claim=claim, decision=decisions[name], at_common=measured[name],
            note=decisions[name].note,
        )  # fmt: skip
        chosen = best_rates[name]
        judged.append(_at_both(first, best_decisions[name], at_best[name], chosen) if chosen else first)
    return judged


def _best(name: str, claim: Claim, pilots: Shelf) -> Rates | None:
    return None if claim.after == "pretrain" else rates.best(claim, claim.checkpoints, pilots, f"claim {name}")


def _decisions(config: Claims, measured: Mapping[str, Measurement]) -> dict[str, Decision]:
    """Refused and missing ones aside, all decided together."""
    open_ones = {
        name: [list(part.values()) for part in each.values]
        for name, each in measured.items()
        if each.values[0] and not each.broken
    }
    decided = decide.decide(config, open_ones)
    return {
        name: _on_ground(decided[name], each) if name in decided else _undecidable(each)
        for name, each in measured.items()
    }


def _on_ground(decision: Decision, measured: Measurement) -> Decision:
    """No verdict where no checkpoint is above guessing in any family: what differs there is form, not skill.

    The claim keeps its place in the correction, which makes the others no easier.
    """
    if decision.verdict not in decide.DECIDED or not measured.best_above_guessing <= 0:
        return decision
    note = "no checkpoint of it is above guessing in any family: what differs may be the form of the answers"
    return replace(decision, verdict=decide.FLOOR, needs_seeds=None, note=note)


def _undecidable(measured: Measurement) -> Decision:
    if not measured.values[0]:
        found = inference.estimate([])
        return Decision(
            verdict=decide.NOT_RUN, estimate=found, p=inference.NAN, needs_seeds=None,
            note="its checkpoints were not measured at a common seed",
        )  # fmt: skip
    found = inference.estimate(list(measured.values[0].values()))
    note = f"said to be matched, and not so: {'; '.join(measured.broken)}"
    return Decision(verdict=decide.REFUSED, estimate=found, p=inference.NAN, needs_seeds=None, note=note)


def _not_run(name: str, claim: Claim, why: str) -> Judged:
    empty = Measurement(values=tuple({} for _ in claim.contrast))
    decision = replace(_undecidable(empty), note=why)
    return Judged(name=name, claim=claim, decision=decision, at_common=empty, note=why)


def _at_both(first: Judged, best: Decision, measured: Measurement, chosen: Rates) -> Judged:
    """The common rate's verdict, unless each cell's best rate says something else."""
    told = ", ".join(f"{name} {rate:g}" for name, rate in chosen.items() if isinstance(rate, float))
    both = replace(first, at_best=measured, best_rates=chosen)
    common = first.decision
    if common.verdict in decide.DECIDED and best.verdict in decide.DECIDED and common.verdict != best.verdict:
        decision = replace(common, verdict=decide.BY_RATE, needs_seeds=None)
        note = f"at the common rate: {common.verdict}; at each cell's best ({told}): {best.verdict}"
        return replace(both, decision=decision, note=note)
    says = f"at each cell's best rate ({told}): {best.verdict}"
    return replace(both, note=f"{first.note}; {says}" if first.note else says)
