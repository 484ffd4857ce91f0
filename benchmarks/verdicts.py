"""How often verdicts are wrong, on contrasts whose truth is known: `verdicts.py [rounds [world ...]]`.

Three worlds. `normal`: per-seed contrasts are normal, with a spread of 6 points. `families` and `four`: what the tunnel
shows - families that are each on (95 % right) or off (10 %) in a seed, as chance has it, 54 problems a family, answers
drawn anew for both arms; fourteen families as in the group `trained`, four as in `shared` and `neither`. `rare`: the
same four, but each is on in one seed of ten only, and never in the other arm: what no test over few seeds can see.

    coverage       of the 95 % interval (wanted: 93-97 %), where the truth is 3 points (`rare`: 8.5, the margin being 5)
    false alarm    supported or contradicted where the truth is 0, one claim (wanted: at most 5 %)
    any of four    the same of four primary claims at once, under Holm; in brackets: what it would be at so few seeds
                   that such claims are not judged (`decide.FEWEST_CORRECTED`)
    called same    `no difference within the margin` where the truth is the margin itself (wanted: at most 5 %)
    power          a verdict at the number of seeds that the planner names for 80 %: `supported` where the truth is what
                   matters; of a claim of `same`, where the truth is 0
    pilots         the power that plans from so few pilots come to on average, and how many of them reach 80 %

All rounds are computed at once, by the formulas of the room's tests; fifty rounds of each row go through the room
itself, which must say the same.
"""

import gc
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import stats

from pipeline.verdict import decide, power
from pipeline.verdict.config import Claim, Claims

SEEDS = (3, 5, 8, 12)
PROBLEMS, ON, OFF = 54, 0.95, 0.10
ALPHA = 0.05
CHECKED = 50
MARGIN = {"normal": 5.0, "families": 10.0, "four": 20.0, "rare": 5.0}  # so that ten to thirty seeds decide
RARE = 0.1
Draw = Callable[[np.random.Generator, float, tuple[int, ...]], np.ndarray]  # truth, shape (..., seeds) -> contrasts


def normal(rng: np.random.Generator, truth: float, shape: tuple[int, ...]) -> np.ndarray:
    """Contrasts with a spread of 6 points."""
    return rng.normal(truth, 6.0, shape)


def families(rng: np.random.Generator, truth: float, shape: tuple[int, ...], *, count: int) -> np.ndarray:
    """Families on or off; the treated arm's are on as much more often as the truth needs."""
    shift = truth / (100 * (ON - OFF)) / 2
    return _points(rng, 0.5 + shift, shape, count) - _points(rng, 0.5 - shift, shape, count)


def rare(rng: np.random.Generator, _: float, shape: tuple[int, ...]) -> np.ndarray:
    """Four families, on now and then in the treated arm alone."""
    return _points(rng, RARE, shape, 4) - _points(rng, 0.0, shape, 4)


def _points(rng: np.random.Generator, switched_on: float, shape: tuple[int, ...], count: int) -> np.ndarray:
    chances = np.where(rng.random((*shape, count)) < switched_on, ON, OFF)
    return 100 * rng.binomial(PROBLEMS, chances).mean(axis=-1) / PROBLEMS


WORLDS: dict[str, Draw] = {
    "normal": normal,
    "families": partial(families, count=14),
    "four": partial(families, count=4),
    "rare": rare,
}


def verdicts(values: np.ndarray, margin: float, expects: str = "above") -> np.ndarray:
    """values: (rounds, primary claims, seeds). SUPPORTED, CONTRADICTED, SAME or UNDECIDED, each (rounds, claims)."""
    degrees = values.shape[-1] - 1
    mean, error = values.mean(axis=-1), stats.sem(values, axis=-1)
    different = 2 * stats.t.sf(np.abs(mean / error), degrees)
    within = np.maximum(stats.t.sf((mean + margin) / error, degrees), stats.t.cdf((mean - margin) / error, degrees))
    if expects == "same":
        return np.where(_holm(within) < ALPHA, decide.SUPPORTED, decide.UNDECIDED)
    told = np.where(mean > 0, decide.SUPPORTED, decide.CONTRADICTED)
    open_ones = np.where(_holm(different) < ALPHA, told, decide.UNDECIDED)
    return np.where(_holm(within) < ALPHA, decide.SAME, open_ones)


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p (rounds, claims)."""
    order = np.argsort(p_values, axis=-1)
    count = p_values.shape[-1]
    raised = np.maximum.accumulate(np.take_along_axis(p_values, order, -1) * np.arange(count, 0, -1), axis=-1)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, raised, -1)
    return adjusted


def by_the_room(values: np.ndarray, margin: float, expects: str = "above") -> np.ndarray:
    """The same, round by round, by `decide`."""
    one = Claim.model_validate(
        {"says": "so", "contrast": "a - b", "after": "pretrain", "expects": expects, "matters": margin}
        | {"primary": True, "differs": ["data"]}
    )
    names = [f"C{number}" for number in range(values.shape[1])]
    config = Claims(sweep="simulated", claims=dict.fromkeys(names, one))
    rounds = [
        decide.decide(config, {name: [list(each)] for name, each in zip(names, row, strict=True)}) for row in values
    ]
    return np.array([[decided[name].verdict for name in names] for decided in rounds])


def checked(values: np.ndarray, margin: float, expects: str = "above") -> np.ndarray:
    """`verdicts`, after a look whether the room says the same; seeds that all say the same are left to the room."""
    is_flat = np.ptp(values, axis=-1).min(axis=-1) <= 1e-6
    with np.errstate(divide="ignore", invalid="ignore"):
        found = verdicts(values, margin, expects)
    if is_flat.any():
        found[is_flat] = by_the_room(values[is_flat], margin, expects)
    if not is_judged(values):
        return found
    assert (found[:CHECKED] == by_the_room(values[:CHECKED], margin, expects)).all()
    return found


def is_judged(values: np.ndarray) -> bool:
    """Whether the room judges so many claims (rounds, claims, seeds) by so few seeds."""
    return values.shape[1] == 1 or values.shape[2] >= decide.FEWEST_CORRECTED


def line(name: str, seeds: int, rounds: int) -> str:
    """One row of the table."""
    rng, draw, margin = np.random.default_rng(seeds), WORLDS[name], MARGIN[name]
    told = (decide.SUPPORTED, decide.CONTRADICTED)
    truth = 100 * (ON - OFF) * RARE if name == "rare" else 3.0
    values = draw(rng, truth, (4 * rounds, seeds))
    half = stats.t.ppf(0.975, seeds - 1) * stats.sem(values, axis=-1)
    if name == "rare":
        same = checked(values[:, None], margin) == decide.SAME
        return (
            f"{name:<10} {seeds:>5} {np.mean(np.abs(values.mean(axis=-1) - truth) <= half):>12.2%}{same.mean():>39.2%}"
        )
    alarms = [np.isin(checked(draw(rng, 0.0, (rounds, count, seeds)), margin), told) for count in (1, 4)]
    same = checked(draw(rng, margin, (rounds, 1, seeds)), margin) == decide.SAME
    cells = (np.abs(values.mean(axis=-1) - truth) <= half, alarms[0], alarms[1].any(axis=-1), same)
    shown = [f"{100 * cell.mean():.2f}%" for cell in cells]
    if seeds < decide.FEWEST_CORRECTED:
        shown[2] = f"({shown[2]})"
    return f"{name:<10} {seeds:>5} " + " ".join(f"{cell:>12}" for cell in shown)


def power_line(name: str, rounds: int) -> str:
    """What the planner says, and what happens."""
    rng, draw, margin = np.random.default_rng(1), WORLDS[name], MARGIN[name]
    sd = _spread(rng, draw)
    needed = power.seeds_needed(margin, margin, sd, alpha=ALPHA, power=0.8)
    enough = power.seeds_needed(0.0, margin, sd, alpha=ALPHA, power=0.8)
    assert needed is not None
    assert enough is not None
    planned = power.power_of_difference(needed, margin, sd, ALPHA)
    found = (checked(draw(rng, margin, (rounds, 1, needed)), margin) == decide.SUPPORTED).mean()
    same = power.power_of_equivalence(enough, 0.0, margin, sd, ALPHA)
    alike = (checked(draw(rng, 0.0, (rounds, 1, enough)), margin, "same") == decide.SUPPORTED).mean()
    return (
        f"{name:<10} sd {sd:.1f}, matters {margin:g}: {needed} seeds, planned {planned:.1%}, found {found:.1%}; "
        f"same: {enough} seeds, planned {same:.1%}, found {alike:.1%}"
    )


def pilots_line(name: str, pilots: int, rounds: int) -> str:
    """Plans from few pilots: `needs` and `at most`, by the power that they truly come to."""
    rng, draw, margin = np.random.default_rng(2), WORLDS[name], MARGIN[name]
    sd = _spread(rng, draw)
    found: dict[str, list[float]] = {"needs": [], "at most": []}
    for own in draw(rng, 0.0, (rounds, pilots)).std(axis=-1, ddof=1):
        for kind, spread in (("needs", float(own)), ("at most", power.largest_sd(float(own), pilots))):
            seeds = power.seeds_needed(margin, margin, spread, alpha=ALPHA, power=0.8) or power.MOST_SEEDS
            found[kind].append(power.power_of_difference(max(seeds, 2), margin, sd, ALPHA))
    told = "; ".join(
        f"{kind}: {np.mean(each):.0%} on average, {np.mean(np.array(each) >= 0.8):.0%} of plans reach 80 %"
        for kind, each in found.items()
    )
    return f"{name:<10} {pilots} pilots: {told}"


def _spread(rng: np.random.Generator, draw: Draw) -> float:
    return float(draw(rng, 0.0, (20_000,)).std(ddof=1))


def _not_asked(*_: object, **__: object) -> None:
    """How many seeds an undecided claim still needs takes most of the time, and is not what is measured here."""


def main() -> None:
    """Print all tables."""
    decide.seeds_needed = _not_asked
    gc.freeze()  # statsmodels collects garbage in each Holm correction: most of the time otherwise
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    worlds = sys.argv[2:] or list(WORLDS)
    print(f"{'world':<10} {'seeds':>5} {'coverage':>12} {'false alarm':>12} {'any of four':>12} {'called same':>12}")
    for name in worlds:
        for seeds in SEEDS:
            print(line(name, seeds, rounds), flush=True)
    planned = [name for name in worlds if name != "rare"]
    for name in planned:
        print(power_line(name, rounds), flush=True)
    for name in planned:
        for pilots in (2, 4):
            print(pilots_line(name, pilots, 60), flush=True)


if __name__ == "__main__":
    main()
