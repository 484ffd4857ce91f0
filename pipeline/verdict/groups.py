"""Which problems a claim is about. Diversity is judged apart on families that both sides hold, and that neither do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.core.errors import UserError
from pipeline.tasks.world.lookup import LOOKUP
from pipeline.verdict.words import BY_CORPUS, PLAIN

if TYPE_CHECKING:
    import pandas as pd

Holds = Mapping[str, frozenset[str]]  # families by corpus of one checkpoint: "pretrain:ldq", "sft:shq"


def check_group(group: str, where: str) -> None:
    """Raise UserError for a group that no eval can have."""
    kind, _, name = group.partition(" ")
    if group not in (*PLAIN, *BY_CORPUS) and not (kind in ("domain", "family") and name):
        known = ", ".join((*PLAIN, *BY_CORPUS, "domain NAME", "family NAME"))
        raise UserError(f"{where}: there is no group {group!r}; choose from {known}")


def choose(values: "pd.DataFrame", group: str, families: frozenset[str] | None) -> "pd.DataFrame":
    """The problems of a group. families: what `shared` or `neither` came to; None for the other groups.

    The controls (look-ups, knowledge, instructions) are in no group but their own: `lookup`, or `family NAME`.
    """
    kind, _, name = group.partition(" ")
    if group == LOOKUP:
        return values[values["task"] == LOOKUP]
    if kind == "family":
        return values[values["task"] == name]
    reasoning = values[~values["lookup"].astype(bool)]
    held_out = reasoning["held_out"].astype(bool)
    if kind == "domain":
        return reasoning[(reasoning["domain"] == name) & ~held_out]
    if families is not None:
        return reasoning[reasoning["task"].isin(families)]
    return reasoning if group == "every" else reasoning[held_out == (group == "held_out")]


def families_of(group: str, checkpoints: Sequence[Holds], asked: frozenset[str], where: str) -> frozenset[str] | None:
    """Families of `shared` and `neither` among those asked: by the corpora that not all checkpoints were trained on.

    checkpoints: what each of them holds. Two SFT sets on one pretrained model are told apart by the SFT sets alone.
    Raises UserError where a side has no corpus of its own, and where no family is left.
    """
    if group not in BY_CORPUS:
        return None
    sides = [_own_families(holds, checkpoints) for holds in checkpoints]
    if any(side is None for side in sides):
        raise UserError(
            f"{where}: group {group!r} compares corpora of the world, and a side has none of its own; "
            "use another group, such as trained"
        )
    held = [side for side in sides if side is not None]
    found = asked & frozenset.intersection(*held) if group == "shared" else asked - frozenset.union(*held)
    if not found:
        raise UserError(f"{where}: no family that eval asks is held by {'both' if group == 'shared' else 'neither'}")
    return found


def _own_families(holds: Holds, checkpoints: Sequence[Holds]) -> frozenset[str] | None:
    own = [key for key in holds if not all(key in other for other in checkpoints)]
    return frozenset[str]().union(*(holds[key] for key in own)) if own else None
