"""What one phase of pretraining is, apart from its mix."""

from pipeline.core.config import Config
from pipeline.lm.config import Model, Optimizer, Schedule, Training

VERSION = 2  # raised when the same input and config would give other weights


class Pretrain(Config):
    """One phase. `init_key` names the stream of the initial weights; a later phase carries on and ignores it."""

    model: Model
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    init_key: str
