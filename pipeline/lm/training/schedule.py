"""The learning rate as a function of how much of the stage's budget is spent.

Each kind opens with a linear warmup from 0. Then, with p the progress, w the warmup and m the ratio it ends at:
  wsd       1, and over the last d of the stage m + (1 - m) (1 - p) / d: MiniCPM (Hu et al. 2024, section 4), with the
            linear decay of Haegele et al. 2024
  cosine    m + (1 - m) (1 + cos(pi (p - w) / (1 - w))) / 2: one cycle of SGDR (Loshchilov and Hutter 2017)
  constant  1
"""

from math import cos, pi

from pipeline.lm.config import Schedule


def learning_rate_ratio(schedule: Schedule, progress: float) -> float:
    """The share of the full learning rate at a point of the stage.

    progress: budget spent / budget, in [0, 1]. A step is rated at its middle, so that neither the first
    step of a warmup nor the last of a decay is lost to a rate of zero.
    """
    assert 0 <= progress <= 1, progress
    if progress < schedule.warmup:
        return progress / schedule.warmup
    return schedule.min_ratio + (1 - schedule.min_ratio) * _height(schedule, progress)


def _height(schedule: Schedule, progress: float) -> float:
    """How far above its lowest the rate stands after the warmup, in [0, 1]."""
    left = 1 - progress
    if schedule.kind == "cosine":
        span = 1 - schedule.warmup
        return (1 + cos(pi * (progress - schedule.warmup) / span)) / 2 if span else 1.0
    if schedule.kind == "wsd" and left < schedule.decay:
        return left / schedule.decay
    return 1.0
