"""Which of a job's processes this is: torchrun, `accelerate launch` or a script of srun's say it in the environment."""

import os


def rank() -> int:
    """This process's number, from 0; 0 where it was started alone."""
    return int(os.environ.get("RANK", "0"))


def num_ranks() -> int:
    """How many processes were started together; 1 where it was started alone."""
    return int(os.environ.get("WORLD_SIZE", "1"))
