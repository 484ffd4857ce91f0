"""Warmup, stable, decay: the learning rate as a function of how much of the stage's budget is spent.

WSD as in MiniCPM (Hu et al. 2024, "MiniCPM", section 4), with a linear decay (Haegele et al. 2024).
"""

from pipeline.lm.config import Schedule


def learning_rate_ratio(schedule: Schedule, progress: float) -> float:
    """The share of the full learning rate at a point of the stage.

    progress: budget spent / budget, in [0, 1]. A step is rated at its middle, so that neither the first
    step of a warmup nor the last of a decay is lost to a rate of zero.
    """
    assert 0 <= progress <= 1, progress
    if progress < schedule.warmup:
        return progress / schedule.warmup
    left = 1 - progress
    if left < schedule.decay:
        return schedule.min_ratio + (1 - schedule.min_ratio) * left / schedule.decay
    return 1.0
