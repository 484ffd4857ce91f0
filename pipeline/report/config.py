"""What the page says of itself, and what its differences are taken against."""

from pipeline.core.config import Config

VERSION = 6  # raised when the same artifacts would give another page

QUESTION = (
    "Given reasoning data of some diversity, depth and quality, where in training should it be spent: in pretraining, "
    "in SFT, or in RL?"
)


class Report(Config):
    """One page about one sweep."""

    title: str
    sweep: str
    note: str = ""  # what the recipe can and cannot show
    pretrain_baseline: str = "none"  # row that the other pretrain mixes are compared with
    sft_baseline: str = "shq"  # column that the other SFT mixes are compared with
