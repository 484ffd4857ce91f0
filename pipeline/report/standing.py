"""Where the reasoning data stood: in neither part of training, in SFT only, in pretraining only, or in both.

The study's question in four numbers. They are means over the same cells of the grid and the same seeds, so that no mix
is counted on one side only: pretrain mixes that were built before SFT and after every SFT mix that the arm without
reasoning data has.
"""

from dataclasses import dataclass

import pandas as pd

from pipeline.report.balance import left_out, whole_seeds
from pipeline.report.checkpoints import BEFORE

NOTHING = "none"  # the pretrain mix that turns the reasoning share into base text


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Accuracy in percent, by where the reasoning data stood."""

    neither: float
    sft: float
    pretraining: float
    both: float
    pretrain_mixes: tuple[str, ...]
    sft_mixes: tuple[str, ...]
    lacking: str  # a sentence on the seeds that were left out

    @property
    def bars(self) -> tuple[tuple[str, float], ...]:
        """(where, percent), as the page draws them."""
        places = ("in neither", "in SFT only", "in pretraining only", "in both")
        return tuple(zip(places, (self.neither, self.sft, self.pretraining, self.both), strict=True))

    @property
    def says(self) -> str:
        """The four numbers in a sentence's beginning."""
        neither, sft, pretraining, both = (f"{value:.1f} %" for _, value in self.bars)
        return (
            f"With reasoning data in neither pretraining nor SFT {neither} of the problems are solved, with it in SFT "
            f"only {sft}, in pretraining only {pretraining}, in both {both}"
        )

    @property
    def over(self) -> str:
        """What the means are over."""
        counts = ((self.pretrain_mixes, "pretrain mix"), (self.sft_mixes, "SFT mix"))
        parts = [f"{len(mixes)} {word}{'es' * (len(mixes) != 1)} ({', '.join(mixes)})" for mixes, word in counts]
        return f"Means over {' and '.join(parts)}; the grid has each cell with its interval.{self.lacking}"


def standing(accuracy: pd.DataFrame) -> Standing | None:
    """The four numbers. accuracy: `balance.seed_means`; None where the sweep has no such four kinds of cells yet."""
    plain = accuracy[accuracy["pretrain"].map(_is_plain) & accuracy["sft"].map(_is_plain)]
    seeds = whole_seeds(plain, ["pretrain", "sft"])
    whole = plain[plain["seed"].isin(seeds)]
    cells = whole.groupby(["pretrain", "sft"], sort=False)["value"]
    means = {(str(key[0]), str(key[1])): float(values.mean()) for key, values in cells}
    tuned = tuple(sft for row, sft in means if row == NOTHING and sft != BEFORE)
    mixes = tuple(
        row for row, sft in means if sft == BEFORE and row != NOTHING and all((row, each) in means for each in tuned)
    )
    if not tuned or not mixes or (NOTHING, BEFORE) not in means:
        return None
    return Standing(
        neither=means[NOTHING, BEFORE],
        sft=_mean([means[NOTHING, sft] for sft in tuned]),
        pretraining=_mean([means[mix, BEFORE] for mix in mixes]),
        both=_mean([means[mix, sft] for mix in mixes for sft in tuned]),
        pretrain_mixes=mixes,
        sft_mixes=tuned,
        lacking=left_out(plain["seed"], seeds),
    )


def _is_plain(label: str) -> bool:
    """Whether a label is a mix's name alone: no other budget ("2x shq"), no other setting, no RL."""
    return label == BEFORE or " " not in label


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
