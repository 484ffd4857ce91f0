"""What supervised fine-tuning is, apart from its mix. It always starts a new optimizer."""

from pipeline.core.config import Config
from pipeline.lm.config import Optimizer, Schedule, Training

VERSION = 2  # raised when the same input and config would give other weights


class Sft(Config):
    """One SFT stage on one checkpoint; the model is the checkpoint's."""

    optimizer: Optimizer
    schedule: Schedule
    training: Training
