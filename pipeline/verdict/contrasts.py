"""One number a seed: a claim's contrast over the problems that all its checkpoints answered."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.core.errors import UserError
from pipeline.verdict.config import Claim
from pipeline.verdict.expression import Contrast
from pipeline.verdict.groups import choose, families_of
from pipeline.verdict.results import Measured
from pipeline.verdict.scores import BITS, KEYS, bits_per_byte, guess_values, problem_values

Side = Mapping[str, Measured]  # the checkpoints of one seed, by the names that a contrast gives them
Rate = float | Literal["common"] | None  # of SFT: one of those tried, or each arm's own; None after pretraining
Rates = Mapping[str, Rate]  # at which each checkpoint is taken


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that was measured, found by name, seed and SFT learning rate."""

    checkpoints: Mapping[tuple[str, int, Rate], Measured]

    @classmethod
    def of(cls, measured: Sequence[Measured]) -> "Shelf":
        """Raises UserError where a name stands for two different checkpoints."""
        found: dict[tuple[str, int, Rate], Measured] = {}
        for checkpoint in measured:
            rates: list[Rate] = [checkpoint.rate]
            if checkpoint.is_common and checkpoint.rate is not None:
                rates.append("common")
            for name, rate in itertools.product(checkpoint.names, rates):
                other = found.setdefault((name, checkpoint.seed, rate), checkpoint)
                if other.evaluation.fingerprint != checkpoint.evaluation.fingerprint:
                    raise UserError(
                        f"{name!r} stands for two arms of the sweep at seed {checkpoint.seed}; name them under `arms`"
                    )
        return cls(found)

    def sides(self, contrast: Contrast, rates: Rates) -> dict[int, Side]:
        """Seed to checkpoints, for the seeds at which all of them were measured."""
        seeds = sorted({seed for _, seed, _ in self.checkpoints})
        found: dict[int, Side] = {}
        for seed in seeds:
            keys: dict[str, tuple[str, int, Rate]] = {name: (name, seed, rates[name]) for name in contrast}
            if all(key in self.checkpoints for key in keys.values()):
                found[seed] = {name: self.checkpoints[key] for name, key in keys.items()}
        return found


def contrast_at(claim: Claim, contrast: Contrast, side: Side, where: str) -> float:
    """The effect at one seed, in the metric's unit. Raises UserError where a group has no problems in this eval."""
    if claim.metric == BITS:
        return sum(weight * bits_per_byte(side[name]) for name, weight in contrast.items())
    effect = _effect(claim, contrast, side, claim.group, where)
    return effect - _effect(claim, contrast, side, claim.against, where) if claim.against else effect


def mean_of(claim: Claim, checkpoint: Measured, where: str) -> float:
    """A checkpoint's own mean over the claim's problems; trained families where these depend on the contrast."""
    if claim.metric == BITS:
        return -bits_per_byte(checkpoint)  # the fewer the better
    values = problem_values(checkpoint, claim.metric)
    group = "trained" if claim.group in ("shared", "neither") else claim.group
    return float(_chosen(values, group, None, where)["value"].mean())


def _effect(claim: Claim, contrast: Contrast, side: Side, group: str, where: str) -> float:
    """The mean over problems, each family with as much weight as it has problems: equal in the world."""
    tables = {name: problem_values(side[name], claim.metric) for name in contrast}
    families = _families(next(iter(tables.values())), group, side, where)
    columns = [
        _chosen(table, group, families, where).set_index(KEYS)["value"] * contrast[name]
        for name, table in tables.items()
    ]
    paired = pd.concat(columns, axis=1, join="inner")
    if paired.empty:
        raise UserError(
            f"{where}: its checkpoints were asked no common problems of group {group!r}; evaluate them alike"
        )
    return float(paired.sum(axis=1).mean())


def above_guessing(claim: Claim, contrast: Contrast, side: Side, where: str) -> pd.Series:
    """By checkpoint and family of the claim's group: points of accuracy above what guessing gives, at one seed."""
    guesses = {name: guess_values(side[name]) for name in contrast}
    families = _families(next(iter(guesses.values())), claim.group, side, where)

    def by_family(values: pd.DataFrame) -> pd.Series:
        return _chosen(values, claim.group, families, where).groupby("task")["value"].mean()

    return pd.concat(
        {name: by_family(problem_values(side[name], "accuracy")) - by_family(guesses[name]) for name in contrast}
    )


def _families(values: pd.DataFrame, group: str, side: Side, where: str) -> frozenset[str] | None:
    asked = frozenset(values.loc[~values["lookup"].astype(bool), "task"].astype(str))
    return families_of(group, [each.holds for each in side.values()], asked, where)


def _chosen(values: pd.DataFrame, group: str, families: frozenset[str] | None, where: str) -> pd.DataFrame:
    chosen = choose(values, group, families)
    if chosen.empty:
        tasks = ", ".join(sorted(set(values["task"].astype(str))))
        domains = ", ".join(sorted(set(values["domain"].astype(str))))
        raise UserError(f"{where}: no problem of group {group!r}; eval asks families {tasks} of domains {domains}")
    return chosen
