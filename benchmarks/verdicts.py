"""How often verdicts are wrong, on contrasts whose truth is known: `python benchmarks/verdicts.py [rounds]`.

Two worlds. `normal`: per-seed contrasts are normal. `families`: what the tunnel shows - ten families that are each on
(95 % right) or off (10 %) in a seed, as chance has it, 72 problems a family, answers drawn anew for both arms.

    coverage       of the 95 % interval (wanted: 93-97 %)
    false alarm    supported or contradicted where the truth is 0, one claim (wanted: at most 5 %)
    any of four    the same of four primary claims at once, under Holm
    called same    `no difference within the margin` where the truth is the margin itself (wanted: at most 5 %)
    power          supported at the number of seeds that the planner names for 80 %, the effect being what matters
"""

import sys
from collections.abc import Callable

import numpy as np

from pipeline.verdict import decide, inference, power
from pipeline.verdict.config import Claim, Claims

SEEDS = (3, 5, 8, 12)
MATTERS = 5.0
FAMILIES, PROBLEMS, ON, OFF = 10, 72, 0.95, 0.10
Draw = Callable[[np.random.Generator, float, int], np.ndarray]  # truth, seeds -> a contrast a seed


def normal(rng: np.random.Generator, truth: float, seeds: int) -> np.ndarray:
    """Contrasts with a spread of 6 points."""
    return rng.normal(truth, 6.0, seeds)


def families(rng: np.random.Generator, truth: float, seeds: int) -> np.ndarray:
    """Families on or off; the treated arm's are on as much more often as the truth needs."""
    shift = truth / (100 * (ON - OFF))
    return np.array([_points(rng, 0.5 + shift) - _points(rng, 0.5) for _ in range(seeds)])


def _points(rng: np.random.Generator, switched_on: float) -> float:
    chances = np.where(rng.random(FAMILIES) < switched_on, ON, OFF)
    return 100 * float(rng.binomial(PROBLEMS, chances).mean()) / PROBLEMS


def claims(count: int) -> Claims:
    """So many primary claims that an effect is above 0."""
    one = Claim.model_validate(
        {"says": "so", "contrast": "a - b", "after": "pretrain", "expects": "above", "matters": MATTERS}
        | {"primary": True, "differs": ["data"]}
    )
    return Claims(sweep="simulated", claims={f"C{number}": one for number in range(count)})


def verdicts(rng: np.random.Generator, draw: Draw, truth: float, seeds: int, count: int = 1) -> list[str]:
    """One round: a verdict for each claim."""
    config = claims(count)
    values = {name: [list(draw(rng, truth, seeds))] for name in config.claims}
    return [each.verdict for each in decide.decide(config, values).values()]


def share(rounds: int, happens: Callable[[], bool]) -> float:
    """In percent."""
    return 100 * sum(happens() for _ in range(rounds)) / rounds


def covers(rng: np.random.Generator, draw: Draw, truth: float, seeds: int) -> bool:
    """Whether the interval holds the truth; seeds without a spread have none and are drawn again."""
    found = inference.estimate(list(draw(rng, truth, seeds)))
    return found.low <= truth <= found.high if found.has_spread else covers(rng, draw, truth, seeds)


def line(name: str, draw: Draw, seeds: int, rounds: int) -> str:
    """One row of the table."""
    rng = np.random.default_rng(seeds)
    told = (decide.SUPPORTED, decide.CONTRADICTED)
    cells = (
        share(4 * rounds, lambda: covers(rng, draw, 3.0, seeds)),
        share(rounds, lambda: verdicts(rng, draw, 0.0, seeds)[0] in told),
        share(rounds, lambda: any(each in told for each in verdicts(rng, draw, 0.0, seeds, 4))),
        share(rounds, lambda: verdicts(rng, draw, MATTERS, seeds)[0] == decide.SAME),
    )
    return f"{name:<10} {seeds:>5} " + " ".join(f"{cell:>11.1f}%" for cell in cells)


def power_line(name: str, draw: Draw, rounds: int) -> str:
    """What the planner says, and what happens."""
    rng = np.random.default_rng(1)
    sd = float(draw(rng, MATTERS, 4000).std(ddof=1))
    needed = power.seeds_needed(MATTERS, MATTERS, sd, alpha=0.05, power=0.8)
    assert needed is not None
    planned = 100 * power.power_of_difference(needed, MATTERS, sd, 0.05)
    found = share(rounds, lambda: verdicts(rng, draw, MATTERS, needed)[0] == decide.SUPPORTED)
    return f"{name:<10} sd {sd:.1f}: {needed} seeds, planned {planned:.1f} %, found {found:.1f} %"


def _not_asked(*_: object, **__: object) -> None:
    """How many seeds an undecided claim still needs takes most of the time, and is not what is measured here."""


def main() -> None:
    """Print both tables."""
    decide.seeds_needed = _not_asked
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    worlds: dict[str, Draw] = {"normal": normal, "families": families}
    print(f"{'world':<10} {'seeds':>5} {'coverage':>12} {'false alarm':>12} {'any of four':>12} {'called same':>12}")
    for name, draw in worlds.items():
        for seeds in SEEDS:
            print(line(name, draw, seeds, rounds), flush=True)
    for name, draw in worlds.items():
        print(power_line(name, draw, rounds), flush=True)


if __name__ == "__main__":
    main()
