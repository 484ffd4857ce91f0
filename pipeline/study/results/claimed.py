"""What a sweep's claims call its arms, checked before anything is computed.

An arm whose mixes tell it apart goes by these: `ldq`, `ldq > shq`, `none > 2x shq`. Any other needs a name in the
sweep's `arms`, a table of settings: `r20: {phases.branch.reasoning: 0.2}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.duration import parse_count
from pipeline.core.errors import UserError
from pipeline.study.config.schema import Study, Sweep
from pipeline.study.config.suggest import nearest
from pipeline.study.config.sweep import Point, points
from pipeline.study.nodes.held import families_held, tasks_asked
from pipeline.verdict.config import Claim
from pipeline.verdict.expression import ARROW, moment_of
from pipeline.verdict.groups import Holds, families_of
from pipeline.verdict.words import BY_CORPUS, PLAIN

Arm = tuple[Point, Study]
MIXES = ("pretrain_mix", "sft_mix")
_TOLD_BY_NAME = {*MIXES, "sft.passes", "seed", "sft.optimizer.lr"}


def swept_keys(sweep: Sweep) -> set[str]:
    """What tells its arms apart."""
    return {*sweep.axes, *(key for extra in sweep.also for key in extra)}


def own_settings(point: Point, study: Study) -> dict[str, str]:
    """What a point sets of the sweep's own keys, and its mixes: the arm without its seed and machine."""
    pairs = (override.lstrip("+").partition("=") for override in point)
    keys = swept_keys(study.sweep) - {"seed"} if study.sweep else set[str]()
    named = {"pretrain_mix": study.pretrain_mix.name, "sft_mix": study.sft_mix.name}
    return {**{key: value for key, _, value in pairs if key in keys}, **named}


def names_before_sft(point: Point, study: Study) -> tuple[str, ...]:
    """By which claims may call an arm's pretrained checkpoint."""
    settings = own_settings(point, study)
    table = study.sweep.arms if study.sweep else {}
    names = [name for name, wanted in table.items() if _has(settings, study, wanted)]
    if not set(settings) - _TOLD_BY_NAME:
        names.append(study.pretrain_mix.name)
    return tuple(names)


def names_after_sft(point: Point, study: Study) -> tuple[str, ...]:
    """By which claims may call its last checkpoint."""
    times = "" if study.sft.passes == 1 else f"{study.sft.passes:g}x "
    return tuple(f"{name}{ARROW}{times}{study.sft_mix.name}" for name in names_before_sft(point, study))


def check_claims(arms: Sequence[Arm]) -> None:
    """Raise UserError for a claim about an arm, a family or a domain that the sweep does not have.

    Where the command line leaves out some of the sweep's arms, a claim about these is not a mistake.
    """
    sweep = arms[0][1].sweep
    if sweep is None or not sweep.claims or not _is_whole(sweep, arms):
        return
    known = _holds_by_name(arms)
    for name, claim in sweep.claims.items():
        for checkpoint in claim.checkpoints:
            if moment_of(checkpoint) != "rl" and checkpoint not in known:
                hint = nearest(checkpoint, sorted(known))
                raise UserError(f"claim {name} names '{checkpoint}', which sweep '{sweep.name}' does not have; {hint}")
        for group in filter(None, (claim.group, claim.against)):
            _check_group(name, group, arms[0][1])
            if group in BY_CORPUS:
                _check_families(name, claim, group, known, arms[0][1])


def _holds_by_name(arms: Sequence[Arm]) -> dict[str, Holds]:
    """What each checkpoint was trained on, by every name that claims may call it."""
    found: dict[str, Holds] = {}
    for point, study in arms:
        found |= dict.fromkeys(names_before_sft(point, study), families_held(study, is_tuned=False))
        is_tuned = study.sft.budget > 0
        found |= dict.fromkeys(names_after_sft(point, study), families_held(study, is_tuned=is_tuned))
    return found


def _check_families(name: str, claim: Claim, group: str, known: Mapping[str, Holds], study: Study) -> None:
    """Raise UserError where a group that follows from the corpora has no families."""
    asked = frozenset(task for task, domain in tasks_asked(study).items() if domain)
    for contrast in claim.parts if asked else ():
        families_of(group, [known[each] for each in contrast if each in known], asked, f"claim {name}")


def _check_group(claim: str, group: str, study: Study) -> None:
    kind, _, name = group.partition(" ")
    tasks = tasks_asked(study)
    if tasks and group == "lookup" and group not in tasks:
        raise UserError(
            f"claim {claim} is about look-ups, which eval does not ask; add `lookup` to the suite's families"
        )
    if group in (*PLAIN, *BY_CORPUS):
        return
    if kind not in ("domain", "family"):
        known = [*PLAIN, *BY_CORPUS, "domain NAME", "family NAME"]
        raise UserError(f"claim {claim} is about group '{group}'; {nearest(group, known)}")
    known = sorted(set(tasks.values()) - {""} if kind == "domain" else tasks)
    if tasks and name not in known:
        raise UserError(f"claim {claim} is about {kind} '{name}', which eval does not ask; {nearest(name, known)}")


def _is_whole(sweep: Sweep, arms: Sequence[Arm]) -> bool:
    """Whether every point of the sweep is among the arms."""
    there = {frozenset(override for override in point) for point, _ in arms}
    return all(any(set(point) <= found for found in there) for point in points(sweep, ()))


def _has(settings: Mapping[str, str], study: Study, wanted: Mapping[str, Any]) -> bool:
    """Whether an arm has these settings: as its point says, or where that is silent as its study has them."""
    return all(
        _same(settings[key] if key in settings else _value_at(study, key), value) for key, value in wanted.items()
    )


def _value_at(study: Study, key: str) -> Any:
    found: Any = study
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else getattr(found, part, None)
    return found


def _same(one: Any, other: Any) -> bool:
    if str(one) == str(other):
        return True
    numbers = [_number(value) for value in (one, other)]
    return None not in numbers and numbers[0] == numbers[1]


def _number(value: Any) -> float | None:
    for read in (float, parse_count):
        try:
            return float(read(str(value)))
        except ValueError:
            continue
    return None
