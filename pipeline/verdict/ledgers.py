"""What was spent on each side of a contrast, and where the sides differ: counted by the ledgers, not by the configs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.verdict.config import Claim
from pipeline.verdict.expression import Contrast
from pipeline.verdict.results import Measured

EXACT = 1e-9


def _pretraining(checkpoint: Measured, count: str) -> float:
    return sum(getattr(use.ledger, count) for use in checkpoint.stages if use.key.startswith("pretrain"))


def _tuning(checkpoint: Measured, count: str) -> float:
    return sum(getattr(use.ledger, count) for use in checkpoint.stages if use.key == "sft")


def _reasoning(checkpoint: Measured, phase: str, count: str) -> dict[str, float]:
    """Of each corpus that is no base text, over the stages of one kind of training."""
    found: dict[str, float] = {}
    for stage in checkpoint.stages:
        if stage.key.startswith(phase):
            for corpus, use in stage.ledger.sources.items():
                if corpus not in checkpoint.base:
                    found[corpus] = found.get(corpus, 0.0) + getattr(use, count)
    return found


def _unique(checkpoint: Measured, phase: str) -> float:
    held = {
        corpus: min(use.unique_tokens, use.tokens)
        for stage in checkpoint.stages
        if stage.key.startswith(phase)
        for corpus, use in stage.ledger.sources.items()
        if corpus not in checkpoint.base
    }
    return float(sum(held.values()))


def _repetition(checkpoint: Measured, phase: str) -> float:
    """Passes over the corpus that is read most often; once or less is one: nothing was seen twice."""
    return max([1.0, *_reasoning(checkpoint, phase, "passes").values()])


CURRENCIES: Mapping[str, Callable[[Measured], float]] = {
    "tokens": lambda each: _pretraining(each, "input_tokens"),
    "loss_tokens": lambda each: _pretraining(each, "loss_tokens"),
    "sft_tokens": lambda each: _tuning(each, "input_tokens"),
    "sft_loss_tokens": lambda each: _tuning(each, "loss_tokens"),
    "reasoning_tokens": lambda each: sum(
        sum(_reasoning(each, phase, "tokens").values()) for phase in ("pretrain", "sft")
    ),
    "unique_tokens": lambda each: _unique(each, "pretrain"),
    "repetition": lambda each: _repetition(each, "pretrain"),
    "sft_unique_tokens": lambda each: _unique(each, "sft"),
    "sft_repetition": lambda each: _repetition(each, "sft"),
    "flops": lambda each: _pretraining(each, "flops") + _tuning(each, "flops"),
}


@dataclass(frozen=True, slots=True)
class Matching:
    """How the two sides compare."""

    broken: tuple[str, ...]  # said to be matched, and not so: the claim cannot be judged
    unnamed: tuple[str, ...]  # differs, and the claim says nothing of it


def compare(claim: Claim, contrast: Contrast, sides: Sequence[Mapping[str, Measured]], tolerance: float) -> Matching:
    """sides: of each seed, the checkpoints by name. A currency is equal within `tolerance` of the larger side."""
    broken: list[str] = []
    unnamed: list[str] = []
    untold = sorted({stage for seed in sides for name in contrast for stage in seed[name].missing})
    if untold:
        told = f"spending unknown: no record of {', '.join(untold)}"
        (broken if claim.matched else unnamed).append(told)
    else:
        for currency, says in _differences(contrast, sides, tolerance).items():
            if currency in claim.matched:
                broken.append(says)
            elif currency not in claim.differs:
                unnamed.append(says)
    unnamed += _circumstances(contrast, sides)
    return Matching(tuple(broken), tuple(unnamed))


def _differences(contrast: Contrast, sides: Sequence[Mapping[str, Measured]], tolerance: float) -> dict[str, str]:
    found: dict[str, str] = {}
    for currency, count in CURRENCIES.items():
        pairs = [_both_sides(contrast, seed, count) for seed in sides]
        worst = max(pairs, key=lambda pair: _distance(*pair), default=(0.0, 0.0))
        if _distance(*worst) > max(tolerance, EXACT):
            found[currency] = f"{currency} {worst[0]:.4g} against {worst[1]:.4g}"
    return found


def _both_sides(
    contrast: Contrast, seed: Mapping[str, Measured], count: Callable[[Measured], float]
) -> tuple[float, float]:
    """Means of what was added and of what was taken off."""
    plus = {name: weight for name, weight in contrast.items() if weight > 0}
    total = sum(plus.values())
    added = sum(weight * count(seed[name]) for name, weight in plus.items()) / total
    taken = sum(-weight * count(seed[name]) for name, weight in contrast.items() if weight < 0) / total
    return added, taken


def _distance(added: float, taken: float) -> float:
    largest = max(abs(added), abs(taken))
    return abs(added - taken) / largest if largest else 0.0


def _circumstances(contrast: Contrast, sides: Sequence[Mapping[str, Measured]]) -> list[str]:
    """Devices and torch versions within a seed: between seeds they add noise, within one they may add a difference."""
    found: dict[str, None] = {}
    for seed in sides:
        for what in ("device", "torch"):
            values = sorted({str(getattr(use, what)) for name in contrast for use in seed[name].stages})
            if len(values) > 1:
                found[f"{what} {' and '.join(values)}"] = None
    return list(found)
