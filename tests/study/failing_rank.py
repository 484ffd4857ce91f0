"""The miniature's door on several ranks, the second of which cannot do SFT: run by `test_follow` with torchrun."""

import os

from miniature import main

from pipeline.study.nodes.verbs import VERBS
from pipeline.study.run import board

sft = VERBS["sft"]


def fails(*args):
    if os.environ["RANK"] == "1":
        raise RuntimeError("out of luck")
    return sft(*args)


if __name__ == "__main__":
    VERBS["sft"] = fails
    board.GRACE_SECONDS = 1.0
    main()
